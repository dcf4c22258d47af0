"""What events make of what is taken back, of rules that overlap, of tables that come now and then."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.support.bank import Bank
from tests.support.event_bank import EventBank, told
from tests.support.memory_nights import MemoryNights

FIRST, LAST = date(2026, 9, 28), date(2026, 10, 16)
MODELS = ("fct_event_response", "feed_calendar")
NO_BALANCES = date(2026, 10, 6)


def october(day: int) -> date:
    return date(2026, 10, day)


def salaries(bank: EventBank) -> None:
    """Three months up to 31 August, and one of 5 October that was paid by mistake.

    40 days after 31 August are over on 10 October.
    """
    for name in ("MISTAKEN", "EARLY", "PAID"):
        worker = bank.bank.customer(name).holds(1000)
        for day in (date(2026, 6, 25), date(2026, 7, 24), date(2026, 8, 31)):
            bank.moves(worker, 8000, on=day, kind="salary")
        # the reversal of EARLY comes a night before the salary
        arrives = october(6) if name == "EARLY" else october(5)
        paid = bank.moves(worker, 8000, on=october(5), kind="salary", arrives=arrives)
        if name != "PAID":
            taken = october(5) if name == "EARLY" else october(14)
            bank.moves(worker, -8000, on=taken, kind="salary", reversed_txn_id=paid)


def group(bank: EventBank) -> None:
    """A group of three; one goes down on 7 October."""
    for name in ("SISTER", "PARENT"):
        bank.bank.customer(name, kind="C").holds(1000)
    bank.bank.customer("BAD", kind="C").borrows(1_000_000, since=date(2026, 1, 5))
    for child in ("SISTER", "BAD"):
        bank.tells(
            "customer_relation", FIRST, customer_id=child, related_id="PARENT", relation_type="group_parent",
            valid_from=date(2026, 1, 1),
        )  # fmt: skip
    bank.says("loan_balance", "BAD-L1", since=october(7), five_class="substandard")


def cards(bank: EventBank) -> None:
    """Past due from the night without balances of cards on."""
    bank.bank.customer("LATE").card(issued=date(2025, 1, 1)).owes(3000, since=FIRST)
    bank.says("card_balance", "LATE-K1", since=NO_BALANCES, days_past_due=1)


def contacts(bank: EventBank) -> None:
    """One contact in 30 days: the birthday's message of 5 October is it. A log dated ahead says nothing."""
    bank.bank.customer("GREETED").holds(1000)
    bank.says("customer", "GREETED", since=FIRST, birth_date=date(1990, 10, 8), mobile="1")
    bank.tells("consent", FIRST, customer_id="GREETED", purpose="marketing", granted_at=datetime(2026, 1, 1))
    bank.contacts("PAID", date(2027, 1, 1), arrives=october(1))
    bank.festivals = {october(16): "double_ninth"}
    # gold, whom two rules greet
    bank.bank.customer("GOLD", opened=date(2026, 6, 1)).holds(300_000)


def owners(bank: EventBank) -> None:
    """From 6 October on half of an account is another one's; nothing of it is a third one's."""
    for name in ("JOINS", "NOTHING"):
        bank.bank.customer(name)
    account = bank.bank.customer("HOLDS").holds(1000)
    account.shared({"HOLDS": "0.5", "JOINS": "0.5", "NOTHING": "0"}, since=october(6))
    # an account that passes to another holder
    passes = bank.bank.customer("LEAVES").holds(1000)
    bank.bank.customer("INHERITS")
    bank.says("account", passes.account_id, since=october(7), customer_id="INHERITS")
    # joint accounts whose holder has the smaller share
    for name in ("LARGER", "SMALLER"):
        bank.bank.customer(name)
    matures, closes = (bank.bank.customers[-1].holds(10_000) for _ in range(2))
    for joint in (matures, closes):
        joint.shared({"SMALLER": "0.4", "LARGER": "0.6"}, since=FIRST)
    matures.matures = date(2026, 11, 2)
    closes.closes(october(8))


def states(bank: EventBank) -> None:
    """What the first night finds as it is: a third month of salary, a tier that rose in its month."""
    worker = bank.bank.customer("REGULAR").holds(1000)
    for day in (date(2026, 7, 24), date(2026, 8, 31), FIRST, date(2026, 9, 30)):
        bank.moves(worker, 8000, on=day, kind="salary")
    riser = bank.bank.customer("RISEN", opened=date(2026, 6, 1)).holds(1000)
    riser.holds(300_000, since=date(2026, 9, 1))
    # repaid, but for a row of the schedule
    bank.bank.customer("REPAID").borrows(1000, since=date(2026, 1, 5)).owes(0, since=date(2026, 9, 1))
    bank.tells(
        "repayment_schedule", FIRST, loan_id="REPAID-L1", term_no=7, due_date=october(15),
        due_principal=Decimal("900.00"), due_interest=Decimal("100.00"),
    )  # fmt: skip


def maturities(bank: EventBank) -> None:
    """Of 10,000 that fell due on 12 October 6,000 have left; 60 % are enough from the 15th on."""
    for name in ("STAYS", "MORE"):
        account = bank.bank.customer(name).holds(10_000)
        account.matures = october(12)
        bank.moves(account, -6000, on=october(13))
    bank.moves(account, -100, on=october(15))
    # 1.05 dollars twice are 2.10 × 7.1 = 14.91, and not 2 × 7.46 = 14.92
    bank.bank.rate("USD", "7.1", on=FIRST)
    dollars = (
        bank.bank.customer("DOLLARS").holds("1.05", currency="USD").holds("1.05", since=FIRST, product="FUND")
    )
    dollars.matures = date(2026, 11, 9)


def hostile(bank: EventBank) -> None:
    """Days past due that no calendar has."""
    for name in ("AGES", "BELOW"):
        bank.bank.customer(name).borrows(1000, since=date(2026, 1, 5))
    bank.says("loan_balance", "AGES-L1", since=october(7), days_past_due=2_147_483_647)
    bank.says(
        "loan_balance",
        "BELOW-L1",
        since=october(7),
        days_past_due=-2_147_483_648,
        overdue_interest=Decimal(80),
    )


def rules(nights: MemoryNights) -> None:
    """What a bank may add to the rules."""
    for event, group, change in (
        ("group_member_risk", "*", "'corporate' as customer_group_code"),
        ("festival", "private", "'*' as customer_group_code"),
        (
            "maturity_then_outflow",
            "*",
            "0.6 as threshold_rate, date '2026-10-15' as valid_from_date, 'ev-2' as rule_version",
        ),
    ):
        nights.connection.execute(
            f"insert into stg.event_rules select * replace ({change}) from stg.event_rules"
            f" where event_code = '{event}' and customer_group_code = '{group}'"
        )
    nights.connection.execute("update stg.contact_cap_rules set contact_cnt = 1")


@pytest.fixture(scope="module")
def nights() -> MemoryNights:
    bank = EventBank.of(FIRST, LAST)
    for part in (salaries, group, cards, contacts, owners, states, maturities, hostile):
        part(bank)
    nights = MemoryNights(MODELS)
    rules(nights)
    for night in bank.bank.nights:
        delivery = bank.delivery(night)
        if night == NO_BALANCES:
            delivered = {name: load for name, load in delivery.loads.items() if name != "card_balance"}
            delivery = replace(delivery, tables=delivery.tables | {"card_balance": []}, loads=delivered)
        nights.run(delivery)
        if night == october(5):
            nights.connection.execute("create table main.calendar as from workbench.feed_calendar")
    return nights


def test_who_was_paid_by_mistake_has_stopped_when_it_is_taken_back(nights: MemoryNights) -> None:
    assert [row[:4] for row in told(nights, "payroll_stopped")] == [
        (october(12), "payroll_stopped", "EARLY", october(10)),
        (october(14), "payroll_stopped", "MISTAKEN", october(10)),
    ]


def test_a_risk_is_told_once_whatever_rules_say_so(nights: MemoryNights) -> None:
    assert sorted(row[:3] for row in told(nights, "group_member_risk")) == [
        (october(7), "group_member_risk", name) for name in ("PARENT", "SISTER")
    ]


def test_a_festival_is_one_line_of_the_calendar(nights: MemoryNights) -> None:
    rows = nights.query("select customer_id from main.calendar where calendar_line_code = 'festival'")
    names = [row["customer_id"] for row in rows]
    assert {"GREETED", "GOLD"} <= set(names)
    assert len(names) == len(set(names))


def test_a_batch_without_balances_of_cards_forgets_nothing(nights: MemoryNights) -> None:
    assert [row[:3] for row in told(nights, "card_overdue")] == [(october(7), "card_overdue", "LATE")]


def test_a_contact_dated_ahead_leaves_the_cap_alone(nights: MemoryNights) -> None:
    rows = nights.query(
        "select event_code, status_code, reason_code from monitoring.fct_event_response"
        " where customer_id = 'GREETED' and channel_code = 'sms' and is_contact order by business_date"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("birthday", "to_send", None),
        ("festival", "suppressed", "contact_cap"),
    ]


def test_an_owner_of_a_known_account_has_a_first_business(nights: MemoryNights) -> None:
    assert [row[:4] for row in told(nights, "first_business")] == [
        (october(6), "first_business", "JOINS", october(6)),
        (october(7), "first_business", "INHERITS", october(7)),
    ]


def test_of_a_joint_account_the_owner_with_the_largest_share_is_told(nights: MemoryNights) -> None:
    rows = told(nights, "account_closed", "account_maturing")
    assert [row[:4] for row in rows if row[2] in ("LARGER", "SMALLER")] == [
        (october(2), "account_maturing", "LARGER", date(2026, 11, 2)),
        (october(8), "account_closed", "LARGER", october(8)),
    ]
    lines = nights.query(
        "select customer_id from main.calendar"
        " where calendar_line_code = 'maturity' and due_date = date '2026-11-02'"
    )
    assert [row["customer_id"] for row in lines] == ["LARGER"]


def test_what_the_first_night_finds_is_no_change_on_the_second(nights: MemoryNights) -> None:
    names = {row[2] for row in told(nights, "payroll_started", "tier_upgrade")}
    assert names.isdisjoint({"REGULAR", "RISEN"})


def test_an_unpaid_row_of_the_schedule_is_due_whatever_is_owed(nights: MemoryNights) -> None:
    assert [row[:4] for row in told(nights, "instalment_due")] == [
        (october(12), "instalment_due", "REPAID", october(15)),
    ]


def test_a_lower_rate_tells_of_what_leaves_from_its_night_on(nights: MemoryNights) -> None:
    assert [row[:3] for row in told(nights, "maturity_then_outflow")] == [
        (october(15), "maturity_then_outflow", "MORE"),
    ]


def test_what_matures_is_rounded_once(nights: MemoryNights) -> None:
    (row,) = nights.query(
        "select amount_amt from monitoring.fct_event"
        " where event_code = 'account_maturing' and customer_id = 'DOLLARS'"
    )
    assert row["amount_amt"] == Decimal("14.91")


def test_days_past_due_beyond_the_calendar_are_told(nights: MemoryNights) -> None:
    rows = nights.query(
        "select customer_id, event_code, reference_date from monitoring.fct_event"
        " where customer_id in ('AGES', 'BELOW') and event_code <> 'festival' order by all"
    )
    # 100 years before the 7th, and the day itself
    assert [tuple(row.values()) for row in rows] == [
        ("AGES", "loan_overdue", date(1926, 10, 8)),
        ("BELOW", "interest_arrears", None),
    ]


def test_a_message_that_reached_nobody_answers_no_event() -> None:
    """Two inflows of the 5th; on the 6th one customer is reached, and the other is not."""
    bank = EventBank(Bank([october(1), october(5), october(6)]))
    for name, is_reached in (("REACHED", True), ("MISSED", False)):
        bank.moves(bank.bank.customer(name).holds(1000), 60_000, on=october(5))
        bank.tells(
            "contact_log", october(6), contact_id=name, customer_id=name, channel="call",
            sent_at=datetime(2026, 10, 6, 2), delivered=is_reached,
        )  # fmt: skip
    (row,) = bank.run(models=["rpt_event_monthly"]).query(
        "select * from monitoring.rpt_event_monthly where event_code = 'large_inflow'"
    )
    assert (row["event_cnt"], row["answered_cnt"], str(row["median_answer_days"])) == (2, 1, "1.0")
