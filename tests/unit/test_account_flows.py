"""What account transactions are for: flow codes, reversals, and each owner's part of tonight's."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

D = Decimal
THURSDAY, FRIDAY, MONDAY = date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2)
LOG = "intermediate.int_account__transaction"


def bank_of(*nights: date) -> Bank:
    """A bank with a customer C1 of one account, and a joint account of C1 and C2."""
    bank = Bank(list(nights))
    bank.customer("C1").holds(1000)
    bank.customer("C2").holds(1000).shared({"C1": "0.25", "C2": "0.75"}, since=nights[0])
    return bank


def move(bank: Bank, txn: str, on: date, **more: object) -> None:
    """Book a transaction of 100.00 from outside to C1's account, but for what is said."""
    usual: dict[str, Any] = {
        "txn_id": txn, "account_id": "C1-A1", "txn_date": on, "amount": D("100.00"), "direction": "in",
        "currency": "CNY", "is_in_bank": False, "txn_type": "transfer",
    }  # fmt: skip
    bank.books.book("transaction", on, **usual | more)


@pytest.mark.parametrize(
    ("more", "flow"),
    [
        ({"txn_type": "interest", "is_in_bank": True}, "interest"),
        ({"txn_type": "fee", "is_in_bank": True, "counter_customer_id": "C1"}, "fee"),
        ({"txn_type": "loan"}, "loan"),
        ({"txn_type": "purchase"}, "purchase"),
        ({"txn_type": "redemption"}, "redemption"),
        ({"txn_type": "cash"}, "cash"),
        ({"txn_type": "cash", "is_in_bank": True, "counter_customer_id": "C1"}, "cash"),
        ({"is_in_bank": True, "counter_customer_id": "C1"}, "own_transfer"),
        # the holder of a joint account that has other owners, and one of the owners
        ({"account_id": "C2-A1", "is_in_bank": True, "counter_customer_id": "C2"}, "own_transfer"),
        ({"account_id": "C2-A1", "is_in_bank": True, "counter_customer_id": "C1"}, "own_transfer"),
        ({"is_in_bank": True, "counter_customer_id": "C2"}, "bank_transfer"),
        ({"is_in_bank": True}, "bank_transfer"),
        # a salary that the bank's own customer pays
        ({"txn_type": "salary", "is_in_bank": True, "counter_customer_id": "C2"}, "bank_transfer"),
        ({"txn_type": "salary"}, "salary"),
        ({"counter_customer_id": "C1"}, "outside"),
        ({"txn_type": "other"}, "outside"),
    ],
)
def test_the_first_flow_that_fits(more: dict[str, Any], flow: str) -> None:
    bank = bank_of(FRIDAY)
    move(bank, "T1", FRIDAY, **more)
    nights = MemoryNights(["int_account__transaction"]).run_all(bank)
    assert [row["flow_code"] for row in nights.query(f"select * from {LOG}")] == [flow]


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_reversal_takes_its_original_back(direction: str) -> None:
    """Whether the bank sends it in the original's direction or the opposite one, at once or later."""
    bank = bank_of(THURSDAY, FRIDAY)
    move(bank, "T1", THURSDAY, txn_type="salary")
    move(bank, "R1", FRIDAY, txn_type="other", direction=direction, reversed_txn_id="T1")
    move(bank, "T2", FRIDAY, direction="out", txn_type="cash")
    move(bank, "R2", FRIDAY, direction=direction, reversed_txn_id="T2")
    nights = MemoryNights(["int_account__transaction"]).run_all(bank)
    rows = nights.query(f"select * from {LOG} where is_reversal order by txn_id")
    assert [(row["flow_code"], row["flow_direction_code"], row["signed_ccy_amt"]) for row in rows] == [
        ("salary", "in", D("-100.00")),
        ("cash", "out", D("100.00")),
    ]


@pytest.mark.parametrize(("days", "flow", "signed"), [(400, "salary", -100), (401, "outside", 100)])
def test_how_far_back_an_original_is_sought(days: int, flow: str, signed: int) -> None:
    later = FRIDAY + timedelta(days)
    bank = bank_of(FRIDAY, later)
    move(bank, "T1", FRIDAY, txn_type="salary")
    move(bank, "R1", later, reversed_txn_id="T1")
    nights = MemoryNights(["int_account__transaction"]).run_all(bank)
    (row,) = nights.query(f"select * from {LOG} where is_reversal")
    assert (row["flow_code"], row["signed_ccy_amt"]) == (flow, signed)


def test_owners_have_their_share_at_tonights_rate() -> None:
    bank = bank_of(THURSDAY, FRIDAY)
    bank.rate("USD", "7.123456", on=FRIDAY)
    move(bank, "T1", FRIDAY, account_id="C2-A1", amount=D("0.33"), currency="USD")
    nights = MemoryNights(["int_flow__tonight"]).run_all(bank)
    rows = nights.query("select * from intermediate.int_flow__tonight order by customer_id")
    # 0.33 × 7.123456 × 0.25 = 0.58768512; × 0.75 = 1.76305536
    assert [(row["customer_id"], row["signed_fine_amt"], row["signed_amt"]) for row in rows] == [
        ("C1", D("0.58768512"), D("0.59")),
        ("C2", D("1.76305536"), D("1.76")),
    ]


def test_a_month_is_closed_with_transactions_that_the_next_night_brings() -> None:
    """The closing sees them alone; the night, whose batch brought them, sees them too."""
    bank = bank_of(THURSDAY, FRIDAY, MONDAY)
    move(bank, "T1", FRIDAY)
    move(bank, "T3", MONDAY)
    nights = MemoryNights(["int_flow__tonight"])
    for night in (THURSDAY, FRIDAY):
        nights.run(bank.delivery(night))
    late = {
        "txn_id": "T2", "account_id": "C1-A1", "txn_date": FRIDAY, "amount": D("5.00"), "direction": "in",
        "currency": "CNY", "is_in_bank": False, "txn_type": "transfer",
    }  # fmt: skip
    nights.close(date(2026, 1, 31), before=MONDAY, transaction=[late])
    tonight = "select txn_id, business_date from intermediate.int_flow__tonight order by txn_id"
    assert nights.query(tonight) == [{"txn_id": "T2", "business_date": date(2026, 1, 31)}]
    nights.run(bank.delivery(MONDAY))
    assert nights.query(tonight) == [
        {"txn_id": "T2", "business_date": date(2026, 1, 31)},
        {"txn_id": "T3", "business_date": MONDAY},
    ]
