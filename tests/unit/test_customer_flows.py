"""Monthly flows and large transactions, in memory."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.support.bank import Bank, Delivery
from tests.support.memory_nights import MemoryNights

D = Decimal
THURSDAY, FRIDAY, MONDAY = date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2)
SATURDAY = date(2026, 1, 31)
LARGE = "select * from monitoring.fct_large_transaction order by txn_id"
FLOWS = "select * from monitoring.fct_customer_flow_monthly order by customer_id, month_start_date, flow_code"


def txn(number: str, on: date, amount: str, **more: object) -> dict[str, Any]:
    """A cash deposit on C1's account, but for what is said."""
    return {
        "txn_id": number, "account_id": "C1-A1", "txn_date": on, "amount": D(amount), "direction": "in",
        "currency": "CNY", "is_in_bank": False, "txn_type": "cash",
    } | more  # fmt: skip


def deliveries(bank: Bank, moves: dict[date, list[dict[str, Any]]]) -> list[Delivery]:
    """The bank's batches with transactions by the night that brings them."""
    batches = bank.deliveries()
    for batch in batches:
        batch.tables["transaction"] = moves.get(batch.business_date, [])
    return batches


def run(bank: Bank, mart: str, moves: dict[date, list[dict[str, Any]]]) -> MemoryNights:
    """Run all nights of the bank for a mart."""
    nights = MemoryNights([mart])
    for batch in deliveries(bank, moves):
        nights.run(batch)
    return nights


def one_customer(*days: date, kind: str = "P") -> Bank:
    bank = Bank(list(days))
    bank.customer("C1", kind=kind).holds(1000)
    return bank


def test_flows_of_a_month_are_added_up_night_by_night() -> None:
    moves = {
        THURSDAY: [txn("T1", THURSDAY, "100.00"), txn("T2", THURSDAY, "30.00", direction="out")],
        FRIDAY: [
            txn("T3", FRIDAY, "7.00", txn_type="salary"),
            txn("T4", THURSDAY, "100.00", direction="out", reversed_txn_id="T1"),
        ],
    }
    nights = run(one_customer(THURSDAY, FRIDAY), "fct_customer_flow_monthly", moves)
    assert [(row["flow_code"], row["txn_cnt"], row["amount_amt"]) for row in nights.query(FLOWS)] == [
        ("cash", 3, D("-30.00")),  # 100 − 30 − 100
        ("salary", 1, D("7.00")),
    ]


def test_each_owner_has_a_share_and_is_rounded_once() -> None:
    bank = Bank([FRIDAY])
    bank.customer("C1").holds(10).shared({"C1": "0.333333", "C2": "0.666667"}, since=FRIDAY)
    bank.customer("C2").holds(10)
    nights = run(
        bank, "fct_customer_flow_monthly", {FRIDAY: [txn(f"T{n}", FRIDAY, "0.01") for n in range(3)]}
    )
    # 3 × 0.01 × 0.333333 = 0.00999999, and 0.02000001
    assert [row["amount_amt"] for row in nights.query(FLOWS)] == [D("0.01"), D("0.02")]


def test_a_month_that_is_over_takes_only_what_it_was_closed_with() -> None:
    bank = one_customer(THURSDAY, FRIDAY, MONDAY)
    nights = MemoryNights(["fct_customer_flow_monthly"])
    batches = deliveries(bank, {THURSDAY: [txn("T1", THURSDAY, "1.00")], MONDAY: [txn("T3", MONDAY, "4.00")]})
    nights.run(batches[0])
    nights.run(batches[1])
    nights.close(SATURDAY, before=MONDAY, transaction=[txn("T2", SATURDAY, "2.00")])
    nights.run(batches[2])
    assert [(row["month_start_date"].month, row["amount_amt"]) for row in nights.query(FLOWS)] == [
        (1, D("3.00")),
        (2, D("4.00")),
    ]


@pytest.mark.parametrize(
    ("kind", "more", "line"),
    [
        ("P", {}, "50000.00"),
        ("P", {"txn_type": "transfer"}, "500000.00"),
        ("C", {}, "50000.00"),
        ("C", {"txn_type": "transfer", "direction": "out"}, "2000000.00"),
    ],
)
def test_a_transaction_at_its_line_is_large(kind: str, more: dict[str, Any], line: str) -> None:
    def listed(amount: Decimal) -> list[tuple[object, ...]]:
        moves = {FRIDAY: [txn("T1", FRIDAY, str(amount), **more)]}
        rows = run(one_customer(FRIDAY, kind=kind), "fct_large_transaction", moves).query(LARGE)
        return [(row["txn_id"], row["threshold_amt"], row["day_total_amt"]) for row in rows]

    assert listed(D(line)) == [("T1", D(line), D(line))]
    assert listed(D(line) - D("0.01")) == []


def test_a_day_is_large_in_total_and_all_of_it_is_listed_once() -> None:
    """30,000 in cash on Thursday, 15,000 more of the same date a night later, and 5,000 on Monday."""
    moves = {
        THURSDAY: [txn("T1", THURSDAY, "30000.00"), txn("T9", THURSDAY, "49999.99", direction="out")],
        FRIDAY: [txn("T2", THURSDAY, "15000.00"), txn("T3", FRIDAY, "45000.00")],
        MONDAY: [txn("T4", THURSDAY, "5000.00"), txn("T5", FRIDAY, "90000.00", reversed_txn_id="T3")],
    }
    nights = run(one_customer(THURSDAY, FRIDAY, MONDAY), "fct_large_transaction", moves)
    assert [(row["txn_id"], row["business_date"], row["day_total_amt"]) for row in nights.query(LARGE)] == [
        ("T1", MONDAY, D("50000.00")),
        ("T2", MONDAY, D("50000.00")),
        ("T4", MONDAY, D("50000.00")),
    ]


def test_a_days_total_has_what_comes_late_and_each_the_rate_of_its_night() -> None:
    """4,000 dollars at 7.00 on Thursday, and 22,000 of the same date twelve days later: 28,000 + 22,000."""
    later = date(2026, 2, 10)
    bank = one_customer(THURSDAY, later)
    bank.rate("USD", "7.00", on=THURSDAY)
    bank.rate("USD", "8.00", on=later)
    moves = {
        THURSDAY: [txn("T1", THURSDAY, "4000.00", currency="USD")],
        later: [txn("T2", THURSDAY, "22000.00")],
    }
    rows = run(bank, "fct_large_transaction", moves).query(LARGE)
    assert [(row["txn_id"], row["amount_amt"], row["day_total_amt"]) for row in rows] == [
        ("T1", D("28000.00"), D("50000.00")),
        ("T2", D("22000.00"), D("50000.00")),
    ]


def test_a_day_that_ends_its_month_has_what_the_next_batch_brings_of_it_once() -> None:
    """31 March has a batch of its own, and 20,000 more of that day come on 1 April: 30,000 + 20,000."""
    last, following = date(2026, 3, 31), date(2026, 4, 1)
    moves = {last: [txn("T1", last, "30000.00")], following: [txn("T2", last, "20000.00")]}
    rows = run(one_customer(date(2026, 3, 30), last, following), "fct_large_transaction", moves).query(LARGE)
    assert [(row["txn_id"], row["business_date"], row["day_total_amt"]) for row in rows] == [
        ("T1", following, D("50000.00")),
        ("T2", following, D("50000.00")),
    ]


def test_an_owner_without_a_share_has_no_flow() -> None:
    bank = Bank([FRIDAY])
    bank.customer("C1").holds(10).shared({"C1": "1", "C2": "0"}, since=FRIDAY)
    bank.customer("C2")
    nights = run(bank, "fct_customer_flow_monthly", {FRIDAY: [txn("T1", FRIDAY, "5.00")]})
    assert [(row["customer_id"], row["amount_amt"]) for row in nights.query(FLOWS)] == [("C1", D("5.00"))]


def test_what_was_listed_is_not_listed_again() -> None:
    moves = {THURSDAY: [txn("T1", THURSDAY, "50000.00")], FRIDAY: [txn("T2", THURSDAY, "1.00")]}
    rows = run(one_customer(THURSDAY, FRIDAY), "fct_large_transaction", moves).query(LARGE)
    assert [(row["txn_id"], row["business_date"], row["day_total_amt"]) for row in rows] == [
        ("T1", THURSDAY, D("50000.00")),
        ("T2", FRIDAY, D("50001.00")),
    ]


def test_a_closing_lists_nothing_and_the_night_after_it_everything() -> None:
    bank = one_customer(THURSDAY, FRIDAY, MONDAY)
    nights = MemoryNights(["fct_large_transaction"])
    for batch in deliveries(bank, {})[:2]:
        nights.run(batch)
    nights.close(SATURDAY, before=MONDAY, transaction=[txn("T1", SATURDAY, "60000.00")])
    assert nights.query(LARGE) == []
    nights.run(deliveries(bank, {})[2])
    assert [(row["txn_id"], row["business_date"]) for row in nights.query(LARGE)] == [("T1", MONDAY)]
