"""A bank goes live: months before the first night are judged by what is recorded of them.

Chapter 2: a start inside a month, going live, lists of customers to be called. Whole nights in memory, each
bank against the plain-Python reference as well as against the arithmetic written here.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.compare import (
    aum_differences,
    event_differences,
    recorded_differences,
    status_differences,
    tier_differences,
)
from tests.reference.compare_parts import part_differences
from tests.reference.customer_value import customer_value
from tests.reference.known import replay
from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

NOVEMBER, DECEMBER, JANUARY, FEBRUARY, MARCH = (
    date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1),
)  # fmt: skip
FIRST, SECOND, THIRD = date(2026, 1, 30), date(2026, 2, 2), date(2026, 3, 2)
LONG_AGO = date(2015, 6, 1)
WAN = 10_000

MARTS = (
    "fct_customer_aum_part_monthly", "fct_tier_event", "fct_tier_reason", "fct_month_recorded",
    "rpt_tier_migration_monthly", "rpt_tier_change_customer", "rpt_attention_lost_customer",
    "rpt_attention_lost_by_manager", "rpt_private_bank_growth", "rpt_private_bank_new",
    "rpt_private_bank_new_detail", "rpt_private_bank_stock_detail", "rpt_private_bank_stock_loss",
)  # fmt: skip


def nights_of(bank: Bank) -> MemoryNights:
    """The bank's nights, in agreement with the reference."""
    nights, expected = MemoryNights(MARTS).run_all(bank), customer_value(replay(bank.deliveries()))
    for compare in (
        aum_differences, part_differences, tier_differences, status_differences, event_differences,
        recorded_differences,
    ):  # fmt: skip
        assert compare(nights, expected) == []
    return nights


def of(nights: MemoryNights, table: str, customer: str, month: date) -> dict[str, Any]:
    """The one row of a customer and month."""
    (row,) = nights.query(
        f"from customer_value.{table} where customer_id = ? and month_start_date = ?", customer, month
    )
    return row


def events(nights: MemoryNights, customer: str, month: date) -> set[tuple[str, str]]:
    """Event and cause of a customer's events in a month."""
    rows = nights.query(
        "select event_code, cause_code from customer_value.fct_tier_event"
        " where customer_id = ? and month_start_date = ?", customer, month,
    )  # fmt: skip
    return {(row["event_code"], row["cause_code"]) for row in rows}


# --- a start inside a month


@pytest.fixture(scope="module")
def without_history() -> MemoryNights:
    """The first batch is of 30 January, and nobody tells of the days before it."""
    bank = Bank([FIRST, SECOND, THIRD])
    old = bank.customer("old", opened=LONG_AGO)
    old.account(opened=LONG_AGO).holds(600_000, since=FIRST).holds(30_000, since=THIRD)
    old.account(product="FUND", org="O2", opened=LONG_AGO).holds(60_000, since=FIRST)
    return nights_of(bank)


def test_averages_of_a_partial_month_divide_by_its_recorded_days(without_history: MemoryNights) -> None:
    row = of(without_history, "fct_customer_aum_monthly", "old", JANUARY)

    # two days recorded, the 30th and the 31st: (660,000 + 660,000) / 2; by 31 days it would be 42,580.65
    assert row["balance_sum_amt"] == 1_320_000
    for column in ("aum_month_avg_amt", "aum_month_avg_30_amt", "aum_quarter_avg_amt", "aum_year_avg_amt"):
        assert row[column] == 660_000
    assert row["deposit_month_avg_amt"] == 600_000
    assert row["is_partial_month"]
    assert of(without_history, "fct_customer_tier_monthly", "old", JANUARY)["tier_code"] == "platinum"


def test_the_parts_of_a_partial_month_divide_by_the_same_days(without_history: MemoryNights) -> None:
    rows = without_history.query(
        "select asset_class_code, aum_month_avg_amt, aum_month_avg_30_amt, aum_year_avg_amt"
        " from customer_value.fct_customer_aum_part_monthly where month_start_date = ? order by 1", JANUARY,
    )  # fmt: skip
    assert [tuple(row.values()) for row in rows] == [
        ("deposit", 600_000, 600_000, 600_000),
        ("wealth", 60_000, 60_000, 60_000),
    ]


def test_trailing_figures_leave_a_partial_month_out(without_history: MemoryNights) -> None:
    trailing = ("aum_avg_6m_amt", "aum_avg_12m_amt", "aum_max_6m_amt", "aum_max_12m_amt")
    january, february, march = (
        of(without_history, "fct_customer_aum_monthly", "old", month) for month in (JANUARY, FEBRUARY, MARCH)
    )

    assert [january[column] for column in trailing] == [None] * 4
    assert (january["months_12m_cnt"], january["is_full_12m_window"]) == (0, False)
    assert [february[column] for column in trailing] == [660_000] * 4
    # 1 March still 660,000, the 2nd 90,000: 375,000 on average; (660,000 + 375,000) / 2
    assert march["aum_month_avg_amt"] == 375_000
    assert [march[column] for column in trailing] == [517_500, 517_500, 660_000, 660_000]
    assert march["months_12m_cnt"] == 2
    # the quarter has 2 + 28 + 2 days: (29 * 660,000 + 2 * 660,000 … + 90,000) / 32
    assert march["aum_quarter_avg_amt"] == (31 * Decimal(660_000) + 90_000) / 32 == Decimal("642187.50")
    assert not february["is_partial_month"] and not march["is_partial_month"]


def test_the_tier_of_a_partial_month_stays_provisional_in_its_reason(without_history: MemoryNights) -> None:
    reason = of(without_history, "fct_tier_reason", "old", JANUARY)
    assert (reason["is_partial_month"], reason["is_provisional"]) == (True, True)
    after = of(without_history, "fct_tier_reason", "old", FEBRUARY)
    assert (after["is_partial_month"], after["is_provisional"]) == (False, False)


def test_who_is_in_the_first_month_of_all_is_not_new(without_history: MemoryNights) -> None:
    assert events(without_history, "old", JANUARY) == {("new", "first_recorded")}


def test_a_history_of_some_accounts_makes_the_month_whole() -> None:
    bank = Bank([FIRST, SECOND])
    bank.customer("told", opened=LONG_AGO).account(opened=LONG_AGO).holds(310_000, since=JANUARY)
    bank.customer("untold", opened=LONG_AGO).account(opened=LONG_AGO).holds(310_000, since=FIRST)
    nights = nights_of(bank)

    assert of(nights, "fct_customer_aum_monthly", "told", JANUARY)["aum_month_avg_amt"] == 310_000
    # 2 of 31 days; gate 1 warns of the account
    assert of(nights, "fct_customer_aum_monthly", "untold", JANUARY)["aum_month_avg_amt"] == 20_000
    assert not of(nights, "fct_customer_aum_monthly", "untold", JANUARY)["is_partial_month"]


def test_foreign_money_of_the_time_before_the_first_rate_counts_at_that_rate() -> None:
    bank = Bank([FIRST, SECOND])
    bank.customer("abroad", opened=LONG_AGO).account(currency="USD", opened=LONG_AGO).holds(
        1_000, since=DECEMBER
    )
    bank.rate("USD", "7", on=FIRST)
    bank.rate("USD", "8", on=SECOND)
    nights = nights_of(bank)

    for month, end, average in (
        (DECEMBER, 7_000, 7_000), (JANUARY, 7_000, 7_000), (FEBRUARY, 8_000, 7_500),
    ):  # fmt: skip
        row = of(nights, "fct_customer_aum_monthly", "abroad", month)
        assert (row["aum_end_amt"], row["aum_month_avg_amt"]) == (end, average), month


def test_a_history_that_ends_with_the_day_before_the_closing_leaves_nothing_at_the_months_end() -> None:
    bank = Bank([FIRST, SECOND])
    bank.customer("left", opened=LONG_AGO).account(opened=LONG_AGO).holds(310_000, since=NOVEMBER).closes(
        date(2025, 12, 11)
    )
    first, second = bank.deliveries()
    for row in first.tables["monthly_balance_history"]:
        if row["balance_month"] == DECEMBER:
            row.update(month_end_balance=Decimal(310_000), day_count=10)
    nights = MemoryNights([*MARTS, "fct_customer_holding"])
    for delivery in (first, second):
        nights.run(delivery)

    assert aum_differences(nights, customer_value(replay([first, second]))) == []
    december = of(nights, "fct_customer_aum_monthly", "left", DECEMBER)
    assert (december["aum_end_amt"], december["aum_month_avg_amt"]) == (0, 100_000)


def test_a_first_batch_of_the_first_of_a_month_is_whole() -> None:
    bank = Bank([FEBRUARY, SECOND])
    bank.customer("old", opened=LONG_AGO).account(opened=LONG_AGO).holds(100, since=FEBRUARY)
    row = of(nights_of(bank), "fct_customer_aum_monthly", "old", FEBRUARY)

    assert (row["aum_month_avg_amt"], row["aum_avg_6m_amt"], row["is_partial_month"]) == (100, 100, False)
    assert row["aum_month_avg_30_amt"] == Decimal("6.67")  # 200 / 30


# --- going live


def borrowers(*, with_loan_history: bool) -> Bank:
    """Customers whose tier comes of loans and cards, some of it old and some of it new."""
    bank = Bank([FIRST, SECOND], with_loan_history=with_loan_history)

    def customer(name: str, wan: int, **how: Any) -> Any:
        person = bank.customer(name, opened=LONG_AGO, **how)
        person.account(opened=LONG_AGO).holds(wan * WAN, since=NOVEMBER)
        return person

    customer("plain", 1)
    customer("debtor", 1).borrows(200 * WAN, since=date(2020, 5, 5))
    # AUM reaches platinum in January all by itself
    risen = customer("risen", 30)
    risen.accounts[0].holds(60 * WAN, since=JANUARY)
    risen.borrows(200 * WAN, since=date(2020, 5, 5))
    # gold by AUM before; a mortgage of 6,000,000 gives growth
    customer("private", 30).borrows(600 * WAN, since=date(2020, 5, 5))
    # nothing on any account ever
    bank.customer("indebted", opened=LONG_AGO).borrows(200 * WAN, since=date(2020, 5, 5))
    customer("diamond", 1).card(issued=date(2025, 12, 10), grade="diamond")
    spender = customer("spender", 1).card(issued=date(2024, 1, 5))
    for month in range(2, 13):
        spender.spends(WAN, on=date(2025, month, 7))
    spender.spends(WAN, on=date(2026, 1, 7))
    # came to the bank in January, with a mortgage
    newcomer = bank.customer("newcomer", opened=date(2026, 1, 12))
    newcomer.holds(1 * WAN)
    newcomer.borrows(200 * WAN, since=date(2026, 1, 12))
    return bank


@pytest.fixture(scope="module")
def told() -> MemoryNights:
    """The initial load tells of loans."""
    return nights_of(borrowers(with_loan_history=True))


@pytest.fixture(scope="module")
def untold() -> MemoryNights:
    """It does not."""
    return nights_of(borrowers(with_loan_history=False))


def tiers(nights: MemoryNights, customer: str) -> list[str]:
    """Tiers from November to January, as far as there are any."""
    rows = nights.query(
        "select tier_code from customer_value.fct_customer_tier_monthly"
        " where customer_id = ? and month_start_date <= ? order by month_start_date", customer, JANUARY,
    )  # fmt: skip
    return [row["tier_code"] for row in rows]


def test_loans_count_in_the_months_of_which_they_are_told(told: MemoryNights) -> None:
    for customer in ("debtor", "indebted"):
        assert tiers(told, customer) == ["platinum"] * 3
        assert events(told, customer, JANUARY) == set()
    assert tiers(told, "private") == ["growth"] * 3
    november = of(told, "fct_tier_reason", "debtor", NOVEMBER)
    assert (november["deciding_factor_code"], november["factor_amt"]) == ("mortgage", 200 * WAN)


def test_a_card_counts_from_its_issue_on(told: MemoryNights) -> None:
    # issued on 10 December
    assert tiers(told, "diamond") == ["ordinary", "growth", "growth"]
    assert events(told, "diamond", DECEMBER) == {("new", "change")}


def test_card_spending_counts_in_the_months_all_of_which_were_delivered(told: MemoryNights) -> None:
    # delivered since February 2025: the 12 months that end with January are the first that are whole
    assert tiers(told, "spender") == ["ordinary", "ordinary", "platinum"]
    december, january = (
        of(told, "fct_customer_tier_monthly", "spender", month)["card_spend_12m_amt"]
        for month in (DECEMBER, JANUARY)
    )
    assert (december, january) == (0, 12 * WAN)
    assert events(told, "spender", JANUARY) == {("new", "first_recorded")}


def test_what_only_begins_to_be_recorded_is_told_apart(untold: MemoryNights) -> None:
    assert tiers(untold, "debtor") == ["ordinary", "ordinary", "platinum"]
    assert events(untold, "debtor", JANUARY) == {("new", "first_recorded")}
    assert tiers(untold, "private") == ["gold", "gold", "growth"]
    assert events(untold, "private", JANUARY) == {("upgrade", "first_recorded")}
    # whose first row of all is January's, though they opened long ago
    assert tiers(untold, "indebted") == ["platinum"]
    assert events(untold, "indebted", JANUARY) == {("new", "first_recorded")}


@pytest.mark.parametrize("bank", ["told", "untold"])
def test_what_would_have_happened_anyway_is_a_change(bank: str, request: pytest.FixtureRequest) -> None:
    nights = request.getfixturevalue(bank)
    # platinum by AUM, whatever the mortgage: 600,000 in January
    expected = set() if bank == "told" else {("upgrade", "change")}
    assert events(nights, "risen", JANUARY) == expected
    # nobody can have been told of before they came
    assert events(nights, "newcomer", JANUARY) == {("new", "change")}


def test_of_tiers_that_are_regained_at_once_each_has_its_cause() -> None:
    bank = Bank([FIRST])
    customer = bank.customer("returned", opened=LONG_AGO)
    # gold until April, lost in November: in January potential by AUM, platinum by the mortgage
    account = customer.account(opened=LONG_AGO).holds(25 * WAN, since=date(2025, 1, 1))
    account.holds(1 * WAN, since=date(2025, 5, 1)).holds(10 * WAN, since=JANUARY)
    customer.borrows(200 * WAN, since=date(2020, 5, 5))

    rows = nights_of(bank).query(
        "select event_code, to_tier_code, cause_code from customer_value.fct_tier_event"
        " where customer_id = 'returned' and month_start_date = ?", JANUARY,
    )  # fmt: skip
    assert {tuple(row.values()) for row in rows} == {
        ("upgrade", "platinum", "change"),
        ("regained", "potential", "change"),
        ("regained", "gold", "first_recorded"),
    }


def test_history_is_complete_only_where_every_factor_of_the_tier_is_recorded(
    told: MemoryNights, untold: MemoryNights
) -> None:
    def complete(nights: MemoryNights, customer: str) -> list[bool]:
        return [
            of(nights, "fct_customer_tier_monthly", customer, month)["is_history_complete"]
            for month in (NOVEMBER, DECEMBER, JANUARY)
        ]

    # three months of AUM are less than the window of seven
    assert complete(told, "debtor") == [False] * 3
    older = borrowers(with_loan_history=False)
    older.customer("elder", opened=LONG_AGO).account(opened=LONG_AGO).holds(30 * WAN, since=date(2024, 1, 1))
    elder = MemoryNights(MARTS).run_all(older)
    # gold by AUM since 2024; loans, which can give gold, are recorded from January on
    assert complete(elder, "elder") == [False, False, True]


def test_the_month_and_factor_table_says_what_is_recorded(told: MemoryNights, untold: MemoryNights) -> None:
    def recorded(nights: MemoryNights, factor: str) -> list[bool]:
        rows = nights.query(
            "select is_recorded from customer_value.fct_month_recorded"
            " where factor_code = ? order by month_start_date", factor,
        )  # fmt: skip
        return [row["is_recorded"] for row in rows]

    for nights in (told, untold):
        assert recorded(nights, "aum") == recorded(nights, "card_grade") == [True] * 4
        # the 12 months to December would need January 2025
        assert recorded(nights, "card_spend") == [False, False, True, True]
    assert recorded(told, "mortgage") == recorded(told, "credit_loan") == [True] * 4
    assert recorded(untold, "mortgage") == recorded(untold, "credit_loan") == [False, False, True, True]


def test_a_history_of_some_loans_judges_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The history tells of debtor's mortgage of 2,000,000, but not of private's 6,000,000."""
    bank = borrowers(with_loan_history=True)
    rows = [row for row in bank._monthly_loan_history() if not row["loan_id"].startswith("private")]
    monkeypatch.setattr(bank, "_monthly_loan_history", lambda: rows)
    nights = nights_of(bank)

    flags = nights.query(
        "select is_recorded from customer_value.fct_month_recorded"
        " where factor_code = 'mortgage' order by month_start_date"
    )
    assert [row["is_recorded"] for row in flags] == [False, False, True, True]
    # first recorded in January like everybody's loan, not newly won in it
    assert events(nights, "debtor", JANUARY) == {("new", "first_recorded")}


def test_reports_count_apart_what_was_first_recorded(untold: MemoryNights) -> None:
    moves = untold.query(
        "select from_tier_code, to_tier_code, sum(customer_cnt) as n, sum(first_recorded_cnt) as begun"
        " from customer_value.rpt_tier_migration_monthly where month_start_date = ?"
        " group by all having n > 0 order by all", JANUARY,
    )  # fmt: skip
    assert [tuple(row.values()) for row in moves] == [
        ("gold", "growth", 1, 1),  # private
        ("gold", "platinum", 1, 0),  # risen
        ("growth", "growth", 1, 0),  # diamond
        ("new", "platinum", 2, 1),  # indebted, and the newcomer
        ("ordinary", "ordinary", 1, 0),  # plain
        ("ordinary", "platinum", 2, 2),  # debtor, spender
    ]
    changes = untold.query(
        "select customer_id from customer_value.rpt_tier_change_customer"
        " where month_start_date = ? and cause_code = 'first_recorded' order by 1", JANUARY,
    )  # fmt: skip
    assert [row["customer_id"] for row in changes] == ["debtor", "indebted", "private", "spender"]
    (growth,) = untold.query(
        "select customer_cnt, new_cnt, first_recorded_cnt from customer_value.rpt_private_bank_growth"
        " where month_start_date = ?", JANUARY,
    )  # fmt: skip
    assert tuple(growth.values()) == (2, 1, 1)
    (new,) = untold.query("from customer_value.rpt_private_bank_new where month_start_date = ?", JANUARY)
    assert (new["new_cnt"], new["first_recorded_cnt"], new["risen_cnt"]) == (1, 1, 0)


# --- lists of customers to be called


@pytest.fixture(scope="module")
def leaving() -> MemoryNights:
    """Customers who lose their tier, or are about to, some of whom close in February."""
    bank = Bank([date(2026, 2, 2), date(2026, 2, 20), THIRD, date(2026, 3, 4)])

    def faller(name: str, *wan: int) -> Any:
        person = bank.customer(name, opened=LONG_AGO)
        person.account(opened=LONG_AGO).months(*wan, to=FEBRUARY)
        return person

    for name in ("lost", "lost and gone"):
        faller(name, 60, *[30] * 7)
    for name in ("attentive", "attentive and gone"):
        faller(name, 60, *[30] * 5)
    for name in ("private", "private and gone"):
        faller(name, 1200, 1200)
    for person in bank.customers:
        if person.customer_id.endswith("gone"):
            person.leaves(date(2026, 2, 20))
    return nights_of(bank)


def test_no_list_of_customers_to_be_called_holds_a_closed_one(leaving: MemoryNights) -> None:
    rows = leaving.query(
        "select customer_id, status_code from customer_value.rpt_attention_lost_customer"
        " where month_start_date = ? order by all", FEBRUARY,
    )  # fmt: skip
    assert [tuple(row.values()) for row in rows] == [("attentive", "attention"), ("lost", "lost")]
    for table in ("rpt_private_bank_stock_detail", "rpt_private_bank_new_detail"):
        gone = leaving.query(
            f"from customer_value.{table} where customer_id = 'private and gone' and month_start_date >= ?",
            FEBRUARY,
        )
        assert gone == []


def test_counts_keep_who_lost_a_tier_and_closed_in_the_month_of_closing(leaving: MemoryNights) -> None:
    rows = leaving.query(
        "select month_start_date, status_code, sum(customer_cnt) as n"
        " from customer_value.rpt_attention_lost_by_manager where month_start_date >= ? group by all"
        " order by all", FEBRUARY,
    )  # fmt: skip
    assert [tuple(row.values()) for row in rows] == [
        (FEBRUARY, "attention", 1),
        (FEBRUARY, "closed", 1),
        (FEBRUARY, "lost", 1),
        (MARCH, "attention", 1),
        (MARCH, "lost", 1),
    ]
    (stock,) = leaving.query(
        "from customer_value.rpt_private_bank_stock_loss"
        " where class_code = 'private' and month_start_date = ?",
        FEBRUARY,
    )
    assert (stock["opening_cnt"], stock["normal_cnt"], stock["closed_cnt"]) == (2, 1, 1)
    (after,) = leaving.query(
        "from customer_value.rpt_private_bank_stock_loss"
        " where class_code = 'private' and month_start_date = ?",
        MARCH,
    )
    assert (after["opening_cnt"], after["closed_cnt"]) == (1, 0)
