"""Feeds of the workbench and the report of key customers, with their arithmetic."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support.event_bank import EventBank
from tests.support.memory_nights import MemoryNights

D = Decimal
FIRST, TONIGHT = date(2026, 10, 1), date(2026, 10, 2)


def calendar_bank() -> EventBank:
    """Thirty days from 2 October end on 1 November."""
    bank = EventBank.of(FIRST, TONIGHT)
    bank.festivals = {date(2026, 10, 16): "double_ninth", date(2026, 11, 2): "late"}
    bank.bank.rate("USD", "7.10", on=FIRST)
    for name, day in (("DUE", date(2026, 11, 1)), ("LATER", date(2026, 11, 2)), ("TODAY", TONIGHT)):
        bank.bank.customer(name).holds(1000).matures = day
    bank.bank.customer("PAST").holds(1000).matures = FIRST
    bank.bank.customer("EMPTY").holds(0).matures = date(2026, 10, 20)
    bank.bank.customer("DOLLARS").holds(100, currency="USD").matures = date(2026, 10, 20)
    closed = bank.bank.customer("CLOSED")
    closed.holds(1000).matures = date(2026, 10, 20)
    closed.leaves(TONIGHT)
    loan = bank.bank.customer("LOAN").borrows(50_000, since=date(2026, 1, 5))
    loan.matures = date(2026, 10, 20)
    for number, paid in ((7, None), (6, date(2026, 6, 1))):
        bank.tells(
            "repayment_schedule", FIRST, loan_id="LOAN-L1", term_no=number, due_date=date(2026, 10, 15),
            due_principal=D("900.00"), due_interest=D("100.50"), paid_date=paid,
        )  # fmt: skip
    bank.bank.customer("CARD").card(issued=date(2025, 1, 1), expires=date(2026, 10, 31))
    bank.bank.customer("LOST").card(issued=date(2025, 1, 1), expires=date(2026, 10, 31)).becomes(
        "cancelled", on=FIRST
    )
    for name, born in (("BORN", date(1990, 10, 2)), ("BORN LATER", date(1990, 11, 2))):
        bank.bank.customer(name)
        bank.says("customer", name, since=FIRST, birth_date=born)
    # gold, and greeted
    bank.bank.customer("GOLD", opened=date(2026, 6, 1)).holds(300_000)
    bank.bank.books.assign("GOLD", "E1", "O1", "1", date(2026, 9, 1))
    return bank


def test_the_calendar_has_the_days_of_the_next_thirty_days() -> None:
    nights = calendar_bank().run(models=["feed_calendar"])

    rows = nights.query("select * from workbench.feed_calendar order by customer_id, calendar_line_code")
    lines = [
        (row["customer_id"], row["calendar_line_code"], row["due_date"], row["days_left"], row["amount_amt"])
        for row in rows
    ]
    assert lines == [
        ("BORN", "birthday", TONIGHT, 0, None),
        ("CARD", "card_expiry", date(2026, 10, 31), 29, None),
        # 100.00 USD × 7.10
        ("DOLLARS", "maturity", date(2026, 10, 20), 18, D("710.00")),
        ("DUE", "maturity", date(2026, 11, 1), 30, D("1000.00")),
        ("GOLD", "festival", date(2026, 10, 16), 14, None),
        # 900.00 + 100.50 of the term that is not paid
        ("LOAN", "instalment", date(2026, 10, 15), 13, D("1000.50")),
        ("LOAN", "maturity", date(2026, 10, 20), 18, D("50000.00")),
        ("TODAY", "maturity", TONIGHT, 0, D("1000.00")),
    ]
    assert {row["customer_id"]: row["employee_id"] for row in rows if row["employee_id"]} == {"GOLD": "E1"}
    assert {row["org_id"] for row in rows} == {"O1"}
    assert {row["festival_code"] for row in rows} == {None, "double_ninth"}
    # numbers of accounts, loans and cards are hashed
    assert all(
        (row["subject_id"] == row["customer_id"])
        if row["subject_type_code"] == "customer"
        else len(row["subject_id"]) == 32
        for row in rows
    )
    assert len({row["line_id"] for row in rows}) == len(rows)


def test_who_is_about_to_lose_a_tier_is_warned_of() -> None:
    """Gold from 200,000.00 on is at attention in the 4th month below it, and lost in the 7th."""
    bank = EventBank.of(FIRST, TONIGHT)
    for name, last_month in (("FOURTH", 7), ("SIXTH", 5), ("SECOND", 9), ("GONE", 7)):
        # in the month before this one, gold was reached last
        account = bank.bank.customer(name, opened=date(2026, 1, 5)).holds(300_000)
        account.holds(100_000, since=date(2026, last_month, 1))
    bank.bank.customers[-1].leaves(TONIGHT)
    bank.bank.books.assign("SIXTH", "E1", "O1", "1", date(2026, 9, 1))
    for day in (date(2026, 9, 1), date(2026, 9, 20)):
        bank.contacts("FOURTH", day, arrives=FIRST)
    bank.tells(
        "visit", TONIGHT, visit_id="V1", customer_id="FOURTH", employee_id="E1",
        visited_at=datetime(2026, 9, 21, 4), has_location=True,
    )  # fmt: skip
    nights = bank.run(models=["feed_lost_warning"])

    rows = {row["customer_id"]: row for row in nights.query("select * from workbench.feed_lost_warning")}
    assert set(rows) == {"FOURTH", "SIXTH"}
    common = {"tier_code": "gold", "aum_amt": D("100000.00"), "threshold_amt": D("200000.00"),
              "missing_amt": D("100000.00"), "org_id": "O1", "business_date": TONIGHT,
              # 2 of 31 days have gone by at 100,000.00: 200,000.00 × 31 − 100,000.00 × 31, over 29 days
              "top_up_amt": D("106896.56")}  # fmt: skip
    # July to October are 4 months below; 7 less 4, counted from October, is January
    expected: dict[str, dict[str, Any]] = {
        "FOURTH": common | {"warning_code": "attention", "below_months": 4, "months_left": 3,
                            "loss_month_date": date(2027, 1, 1), "last_contact_date": date(2026, 9, 21),
                            "employee_id": None},
        # May to October are 6
        "SIXTH": common | {"warning_code": "last_month", "below_months": 6, "months_left": 1,
                           "loss_month_date": date(2026, 11, 1), "last_contact_date": None,
                           "employee_id": "E1"},
    }  # fmt: skip
    for name, row in rows.items():
        assert {column: row[column] for column in expected[name]} == expected[name]


WARNED = {
    "rpt_attention_lost_customer": "customer_id varchar, employee_id varchar, org_id varchar,"
    " month_start_date date, status_code varchar, tier_code varchar, below_months integer,"
    " aum_amt decimal(18, 2), threshold_amt decimal(18, 2), missing_amt decimal(18, 2)",
    "fct_tier_reason": "customer_id varchar, month_start_date date, rulebook_version varchar,"
    " months_to_loss integer, loss_month_date date",
    "fct_customer_aum_monthly": "customer_id varchar, month_start_date date, aum_end_amt decimal(18, 2),"
    " balance_sum_amt decimal(38, 2)",
    "int_contact__customer": "customer_id varchar, last_contact_date date, last_visit_date date",
}


@pytest.mark.parametrize(
    ("rulebook", "night", "top_up"),
    [
        ("postal", date(2026, 9, 29), D("40.00")),
        # paid in tomorrow, it is next month's
        ("postal", date(2026, 9, 30), None),
        # 29 days at 60.00 and one more: 100.00 × 30 − 60.00 × 30, over the day that is left
        ("documents", date(2026, 9, 29), D("1200.00")),
        ("documents", date(2026, 9, 30), None),
    ],
)
def test_nothing_helps_on_the_last_day_of_a_month(rulebook: str, night: date, top_up: Decimal | None) -> None:
    nights = MemoryNights(["feed_lost_warning"], given=WARNED, rulebook=rulebook)
    for sql in (
        "rpt_attention_lost_customer values ('C1', 'E1', 'O1', '2026-09-01', 'attention', 'gold', 1,"
        " 60, 100, 40)",
        f"fct_tier_reason values ('C1', '2026-09-01', '{rulebook}-1', 3, '2026-12-01')",
        f"fct_customer_aum_monthly values ('C1', '2026-09-01', 60, {60 * night.day})",
    ):
        nights.connection.execute(f"insert into stg.{sql}")
    bank = EventBank.of(date(2026, 9, 1), night)
    for one in bank.bank.nights:
        nights.run(bank.delivery(one))

    (row,) = nights.query("select * from workbench.feed_lost_warning")
    assert row["top_up_amt"] == top_up


RANKING = {
    "rpt_sales_ranking": "subject_id varchar, employee_id varchar, org_id varchar, period_code varchar,"
    " subject_code varchar, view_code varchar, sales_product_code varchar, measure_code varchar,"
    " month_start_date date, sales_cnt decimal(18, 5), credit_amt decimal(18, 2),"
    " credit_fee_income_amt decimal(18, 2), rank_number integer, rank_in_org_number integer"
}


def test_the_ranking_of_a_manager_is_that_of_the_running_month() -> None:
    nights = MemoryNights(["feed_ranking"], given=RANKING)
    rows = [
        # who, period, kind of subject, view, month
        ("E1", "month", "employee", "current", "2026-10-01"),
        ("E2", "month", "employee", "current", "2026-10-01"),
        ("E1", "month", "employee", "current", "2026-09-01"),
        ("E1", "quarter", "employee", "current", "2026-10-01"),
        ("E1", "month", "employee", "then", "2026-10-01"),
        (None, "month", "org_own", "current", "2026-10-01"),
    ]
    for place, (employee, period, subject, view, month) in enumerate(rows, 1):
        nights.connection.execute(
            "insert into stg.rpt_sales_ranking values"
            " (?, ?, 'O1', ?, ?, ?, 'all', 'amount', ?, 1.5, ?, 2.00, ?, ?)",
            [employee or "O1", employee, period, subject, view, month, 1000 - place, place, place],
        )
    EventBank.of(TONIGHT, TONIGHT).run(nights)

    found = nights.query("select * from workbench.feed_ranking order by employee_id")
    assert [
        (row["employee_id"], row["credit_amt"], row["rank_number"], row["rank_in_org_number"])
        for row in found
    ] == [("E1", D("999.00"), 1, 1), ("E2", D("998.00"), 2, 2)]
    assert {(row["business_date"], row["month_start_date"]) for row in found} == {
        (TONIGHT, date(2026, 10, 1))
    }
    assert {(row["sales_product_code"], row["sales_cnt"]) for row in found} == {("all", D("1.5"))}


@pytest.fixture(scope="module")
def key_bank() -> EventBank:
    """Key is who has more than 500,000.00 or owes more than 1,000,000.00, and is never late."""
    bank = EventBank.of(FIRST, TONIGHT)
    for name, amount in (("KEY", "500000.01"), ("EXACT", "500000.00"), ("QUIET", "600000.00")):
        bank.bank.customer(name, opened=date(2026, 1, 5)).holds(amount)
    bank.bank.customer("OWES", opened=date(2026, 1, 5)).borrows("1000000.01", since=date(2026, 1, 5))
    bank.bank.customer("LATE", opened=date(2026, 1, 5)).borrows("1000000.01", since=date(2026, 1, 5))
    bank.says("loan_balance", "LATE-L1", since=FIRST, days_past_due=3)
    closed = bank.bank.customer("CLOSED", opened=date(2026, 1, 5))
    closed.holds(900_000)
    closed.leaves(TONIGHT)
    bank.bank.books.assign("KEY", "E1", "O1", "1", date(2026, 9, 1))
    # platinum is of the group premium: from 200,000.00 on
    bank.moves(bank.bank.customers[0].accounts[0], 200_000, on=FIRST)
    bank.moves(bank.bank.customers[0].accounts[0], 250_000, on=TONIGHT)
    return bank


def test_key_customers_are_listed_with_their_tier_and_their_last_event(key_bank: EventBank) -> None:
    nights = key_bank.run(models=["rpt_key_customer_status"])

    def status() -> dict[str, dict[str, Any]]:
        return {
            row["customer_id"]: row
            for row in nights.query("select * from monitoring.rpt_key_customer_status")
        }

    rows = status()
    assert set(rows) == {"KEY", "QUIET", "OWES"}
    expected = {
        "employee_id": "E1", "owning_org_id": "O1", "tier_code": "platinum", "status_code": "normal",
        "business_date": TONIGHT, "assessment_aum_amt": D("500000.01"), "below_months": 0,
        "last_event_code": "large_inflow", "last_event_date": TONIGHT, "last_told_date": TONIGHT,
        "last_event_amt": D("250000.00"), "event_90d_cnt": 2,
    }  # fmt: skip
    assert {column: rows["KEY"][column] for column in expected} == expected
    assert (rows["QUIET"]["last_event_code"], rows["QUIET"]["event_90d_cnt"]) == (None, 0)
    assert (rows["QUIET"]["employee_id"], rows["QUIET"]["tier_code"]) == (None, "platinum")

    # the second inflow is taken back: the first is the last
    nights.run(key_bank.delivery(TONIGHT, sequence=2, without=["T2"]))
    row = status()["KEY"]
    assert (row["last_event_amt"], row["last_event_date"], row["event_90d_cnt"]) == (D("200000.00"), FIRST, 1)
