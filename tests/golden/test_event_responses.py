"""Responses to events under the contact governor: G1 of chapter 6.7, and what else holds a response back."""

from datetime import date, datetime
from typing import Any

import pytest

from tests.support.event_bank import EventBank
from tests.support.memory_nights import MemoryNights

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 9)
MODELS = ("fct_event_response", "rpt_event_monthly", "feed_today", "feed_calendar", "feed_work_log")
CONTACTED = ("FIVE", "FOUR", "OLD")


def october(day: int) -> date:
    return date(2026, 10, day)


def consents(bank: EventBank, customer: str, purpose: str = "marketing") -> None:
    bank.tells("consent", FIRST, customer_id=customer, purpose=purpose, granted_at=datetime(2026, 1, 1))


@pytest.fixture(scope="module")
def bank() -> EventBank:
    bank = EventBank.of(FIRST, LAST)
    for name in (*CONTACTED, "SILENT", "REFUSES", "MUTE"):
        bank.bank.customer(name).holds(1000)
        # told on Monday the 5th
        bank.says(
            "customer",
            name,
            since=FIRST,
            birth_date=date(1990, 10, 8),
            mobile=None if name == "MUTE" else "1",
        )
        if name != "SILENT":
            consents(bank, name)
    consents(bank, "REFUSES", "do_not_contact")
    for name, days in (("FIVE", (1, 1, 2, 2, 2)), ("FOUR", (1, 1, 2, 2))):
        for day in days:
            bank.contacts(name, october(day), arrives=october(2))
    # contacts without a campaign count nothing
    for _ in range(6):
        bank.contacts("OLD", october(2), arrives=october(2), campaign=None)
    # a due notice of a customer with five contacts
    bank.bank.customers[0].borrows(1000, since=date(2026, 1, 5))
    bank.says("loan_balance", "FIVE-L1", since=october(5), days_past_due=1)
    bank.bank.books.assign("FOUR", "E1", "O1", "1", FIRST)
    bank.tells(
        "visit", october(7), visit_id="V1", customer_id="FOUR", employee_id="E1",
        visited_at=datetime(2026, 10, 7, 2), has_location=True,
    )  # fmt: skip
    return bank


@pytest.fixture(scope="module")
def nights(bank: EventBank) -> MemoryNights:
    nights = MemoryNights(MODELS)
    for night in bank.bank.nights:
        nights.run(bank.delivery(night))
        if night == october(5):
            nights.connection.execute("create table main.monday as from workbench.feed_today")
    return nights


def sms(nights: MemoryNights, customer: str, event: str) -> list[tuple[Any, ...]]:
    rows = nights.query(
        "select status_code, reason_code from monitoring.fct_event_response"
        " where customer_id = ? and event_code = ? and channel_code = 'sms'",
        customer,
        event,
    )
    return [tuple(row.values()) for row in rows]


def test_g1_after_five_contacts_in_30_days_a_sixth_is_held_back(nights: MemoryNights):
    assert sms(nights, "FIVE", "birthday") == [("suppressed", "contact_cap")]
    assert sms(nights, "FOUR", "birthday") == [("to_send", None)]


def test_a_contact_that_was_told_ahead_of_the_window_counts_on_its_day():
    """Five contacts of Sunday the 4th, told on Thursday the 1st, of a window of two days."""
    bank = EventBank.of(FIRST, october(5))
    bank.bank.customer("AHEAD").holds(1000)
    bank.says("customer", "AHEAD", since=FIRST, birth_date=date(1990, 10, 8), mobile="1")
    consents(bank, "AHEAD")
    for _ in range(5):
        bank.contacts("AHEAD", october(4), arrives=FIRST)
    nights = MemoryNights(["fct_event_response"])
    nights.connection.execute("update stg.contact_cap_rules set window_days = 2")
    for night in bank.bank.nights:
        nights.run(bank.delivery(night))

    assert sms(nights, "AHEAD", "birthday") == [("suppressed", "contact_cap")]


def test_g1_a_due_notice_goes_out(nights: MemoryNights):
    assert sms(nights, "FIVE", "loan_overdue") == [("to_send", None)]


@pytest.mark.parametrize(
    ("customer", "response"),
    [
        ("OLD", ("to_send", None)),
        ("SILENT", ("suppressed", "no_consent")),
        ("REFUSES", ("suppressed", "do_not_contact")),
        ("MUTE", ("suppressed", "no_mobile")),
    ],
)
def test_what_is_held_back_is_listed_with_its_reason(
    nights: MemoryNights, customer: str, response: tuple[str, str | None]
):
    assert sms(nights, customer, "birthday") == [response]


def test_the_manager_sees_the_line_and_else_the_org_does(nights: MemoryNights):
    lines = nights.query(
        "select * from main.monday where channel_code = 'workbench' and event_code = 'birthday'"
    )
    assert {row["customer_id"]: (row["employee_id"], row["org_id"]) for row in lines} == {
        name: ("E1" if name == "FOUR" else None, "O1") for name in (*CONTACTED, "SILENT", "REFUSES", "MUTE")
    }


def test_lines_are_in_order_of_priority(nights: MemoryNights):
    lines = nights.query("select * from main.monday where employee_id is null order by line_number")
    assert [row["line_number"] for row in lines] == list(range(1, len(lines) + 1))
    assert [row["priority"] for row in lines] == sorted(row["priority"] for row in lines)


def test_the_report_counts_answers_within_14_days(nights: MemoryNights):
    (row,) = nights.query("select * from monitoring.rpt_event_monthly where event_code = 'birthday'")
    # six birthdays told on the 5th; one of the customers is visited on the 7th
    assert (row["event_cnt"], row["customer_cnt"], row["answered_cnt"]) == (6, 6, 1)
    assert (str(row["answer_rate"]), str(row["median_answer_days"])) == ("0.166667", "2.0")


def test_the_work_log_has_visits_and_contacts(nights: MemoryNights):
    rows = nights.query("select work_type_code, count(*) as row_cnt from workbench.feed_work_log group by 1")
    assert {row["work_type_code"]: row["row_cnt"] for row in rows} == {"visit": 1, "contact": 15}


def test_a_withdrawn_event_withdraws_what_was_to_be_sent_and_its_return_sends_nothing():
    bank = EventBank.of(FIRST, october(6))
    txn = bank.moves(bank.bank.customer("C1").holds(1000), 60_000, on=october(6))
    nights = bank.run(models=["fct_event_response"])

    def responses() -> list[tuple[Any, ...]]:
        rows = nights.query(
            "select status_code, reason_code from monitoring.fct_event_response"
            " where event_code = 'large_inflow' order by reason_code nulls first"
        )
        return [tuple(row.values()) for row in rows]

    assert responses() == [("to_send", None)]
    nights.run(bank.delivery(october(6), sequence=2, without=[txn]))
    assert responses() == [("to_send", None), ("suppressed", "withdrawn")]
    nights.run(bank.delivery(october(6), sequence=3))
    assert responses() == [("to_send", None), ("suppressed", "withdrawn")]
