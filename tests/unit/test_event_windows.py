"""What is told at the edges: of who closes, after a month's last batch, by the windows of the rules."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support.bank import Bank
from tests.support.event_bank import FEED, EventBank, told
from tests.support.memory_nights import MemoryNights

# 30 September is a Wednesday with a batch, the last day of its month
FIRST, LAST_OF_MONTH, NEXT, LAST = date(2026, 9, 28), date(2026, 9, 30), date(2026, 10, 1), date(2026, 10, 9)
MILLION = 1_000_000


def who_closes(bank: EventBank) -> None:
    """100,000 leave on 8 October; account and customer are closed the same night."""
    customer = bank.bank.customer("LEAVES")
    account = customer.holds(100_000)
    bank.moves(account, -100_000, on=date(2026, 10, 8))
    account.closes(date(2026, 10, 8))
    customer.leaves(date(2026, 10, 8))
    # three days ahead: it would be told on the 8th
    bank.says("customer", "LEAVES", since=FIRST, birth_date=date(1990, 10, 11))


def after_the_months_last_batch(bank: EventBank) -> None:
    """A purchase and a payment of 30 September that the batch of 1 October brings."""
    bank.bank.customer("SPENDS").card(issued=date(2025, 1, 1)).spends(20_000, on=LAST_OF_MONTH, arrives=NEXT)
    firm = bank.bank.customer("FIRM", kind="C").holds(10 * MILLION)
    bank.moves(
        firm, -MILLION, on=LAST_OF_MONTH, arrives=NEXT, counter_account="NEW", counter_bank_code="B1"
    )  # fmt: skip


def windows(bank: EventBank) -> None:
    """Rules of four months of salary, and of counterparties not seen in 60 days."""
    for name, months in (("FOUR", (7, 8, 9, 10)), ("THREE", (8, 9, 10))):
        worker = bank.bank.customer(name).holds(1000)
        for month in months:
            bank.moves(worker, 8000, on=date(2026, month, 7), kind="salary")
    firm = bank.bank.customer("AGAIN", kind="C").holds(10 * MILLION)
    for day in (date(2026, 7, 1), date(2026, 10, 6)):
        bank.moves(firm, -MILLION, on=day, counter_account="K1", counter_bank_code="B1")


@pytest.fixture(scope="module")
def nights() -> MemoryNights:
    bank = EventBank.of(FIRST, LAST)
    for part in (who_closes, after_the_months_last_batch, windows):
        part(bank)
    nights = MemoryNights(FEED)
    nights.connection.execute(
        "update stg.event_rules set threshold_cnt = 4 where event_code = 'payroll_started'"
    )
    nights.connection.execute(
        "update stg.event_rules set window_days = 60 where event_code = 'counterparty_new_large'"
    )
    return bank.run(nights)


def test_what_is_taken_away_on_the_last_day_is_told(nights: MemoryNights) -> None:
    rows = {(night, code) for night, code, customer, _, _ in told(nights) if customer == "LEAVES"}
    assert rows == {
        (date(2026, 10, 8), code)
        for code in ("large_outflow", "funds_moved_away", "balance_below", "account_closed")
    }


def test_what_comes_after_the_months_last_batch_is_told_by_the_next(nights: MemoryNights) -> None:
    assert told(nights, "large_card_spend") == [
        (NEXT, "large_card_spend", "SPENDS", LAST_OF_MONTH, "event"),
    ]
    assert [row[:4] for row in told(nights, "counterparty_new_large") if row[2] == "FIRM"] == [
        (NEXT, "counterparty_new_large", "FIRM", LAST_OF_MONTH),
    ]


def test_months_of_salary_are_those_of_the_rule(nights: MemoryNights) -> None:
    rows = nights.query(
        "select customer_id, business_date, event_cnt from monitoring.fct_event"
        " where event_code = 'payroll_started'"
    )
    assert rows == [{"customer_id": "FOUR", "business_date": date(2026, 10, 7), "event_cnt": 4}]


def test_a_counterparty_is_new_by_the_window_of_the_rule(nights: MemoryNights) -> None:
    # 1 July is more than 60 days before 6 October
    assert [row[0] for row in told(nights, "counterparty_new_large") if row[2] == "AGAIN"] == [
        date(2026, 10, 6)
    ]


def test_the_first_balances_of_cards_set_the_state() -> None:
    """Balances begin to come on the 6th: 45 days past due are no news, and the first day of the 7th is."""
    bank = EventBank.of(date(2026, 10, 1), date(2026, 10, 7))
    for name in ("OLD", "NEW"):
        bank.bank.customer(name).card(issued=date(2025, 1, 1)).owes(3000, since=date(2026, 10, 1))
    bank.says("card_balance", "OLD-K1", since=date(2026, 10, 1), days_past_due=45)
    bank.says("card_balance", "NEW-K1", since=date(2026, 10, 7), days_past_due=1)
    nights = MemoryNights(FEED)
    for night in bank.bank.nights:
        delivery = bank.delivery(night)
        if night < date(2026, 10, 6):
            delivery.tables["card_balance"] = []
        nights.run(delivery)
    assert [row[:3] for row in told(nights, "card_overdue")] == [(date(2026, 10, 7), "card_overdue", "NEW")]


def opportunity(stage: str, changed: date) -> dict[str, Any]:
    return {
        "opportunity_id": "P1", "customer_id": "C1", "owner_id": "E1", "stage": stage, "amount": Decimal(100),
        "changed_at": datetime(changed.year, changed.month, changed.day, 4), "probability": Decimal("0.5"),
    }  # fmt: skip


def test_an_opportunity_opened_long_ago_answers_no_event_by_a_change() -> None:
    """Opened on 3 August, changed on 6 October: no answer to an inflow of the 5th."""
    opened, told_on, changed = date(2026, 8, 3), date(2026, 10, 5), date(2026, 10, 6)
    bank = EventBank(Bank([opened, told_on, changed]))
    bank.moves(bank.bank.customer("C1").holds(1000), 60_000, on=told_on)
    bank.tells("opportunity", opened, **opportunity("lead", opened))
    bank.tells("opportunity", changed, **opportunity("proposal", changed))
    (row,) = bank.run(models=["rpt_event_monthly"]).query(
        "select * from monitoring.rpt_event_monthly where event_code = 'large_inflow'"
    )
    assert (row["event_cnt"], row["answered_cnt"], row["opportunity_cnt"]) == (1, 0, 0)
