"""Payments between corporate customers and their counterparties, and the supply chain that they tell."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.support.bank import Bank
from tests.support.front_office import deliveries, relation
from tests.support.memory_nights import MemoryNights

D = Decimal
FIRST, SECOND, THIRD = date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2)


def bank_of(*nights: date, names: str = "ABC") -> Bank:
    bank = Bank(list(nights))
    for name in names:
        bank.customer(name, kind="C", opened=date(2025, 1, 1)).holds(1000)
    bank.customer("P", opened=date(2025, 1, 1)).holds(1000)
    return bank


def pay(bank: Bank, number: str, on: date, payer: str, payee: str, amount: str, **more: Any) -> None:
    """Both sides of a payment inside the bank."""
    for direction, own, other in (("out", payer, payee), ("in", payee, payer)):
        bank.books.book(
            "transaction", on,
            **{"txn_id": f"{number}-{direction}", "account_id": f"{own}-A1", "txn_date": on,
               "amount": D(amount), "direction": direction, "currency": "CNY", "is_in_bank": True,
               "txn_type": "transfer", "counter_customer_id": other, "counter_account": f"{other}-A1"} | more,
        )  # fmt: skip


def outside(
    bank: Bank,
    number: str,
    on: date,
    own: str,
    account: str,
    amount: str,
    direction: str = "out",
    **more: Any,
) -> None:
    bank.books.book(
        "transaction", on,
        **{"txn_id": number, "account_id": f"{own}-A1", "txn_date": on, "amount": D(amount),
           "direction": direction, "currency": "CNY", "is_in_bank": False, "txn_type": "transfer",
           "counter_account": account, "counter_bank_code": "B9", "counter_name": "外部公司"} | more,
    )  # fmt: skip


def flows(memory: MemoryNights) -> list:
    return memory.query("select * from corporate.fct_counterparty_flow_monthly order by all")


def test_what_goes_out_inside_the_bank_comes_in_there():
    bank = bank_of(FIRST, SECOND)
    pay(bank, "1", FIRST, "A", "B", "10.10")
    pay(bank, "2", SECOND, "B", "A", "4.00")
    pay(bank, "3", SECOND, "A", "C", "0.01")
    outside(bank, "4", SECOND, "A", "X1", "99.00")
    memory = MemoryNights(["fct_counterparty_flow_monthly"]).run_all(bank)

    rows = flows(memory)
    inside = [row for row in rows if row["is_inside"]]
    assert sum(row["in_amt"] for row in inside) == sum(row["out_amt"] for row in inside) == D("14.11")
    (a_b,) = [r for r in rows if (r["customer_id"], r["counterparty_customer_id"]) == ("A", "B")]
    assert (a_b["out_amt"], a_b["in_amt"], a_b["out_cnt"], a_b["in_cnt"]) == (D("10.10"), D("4.00"), 1, 1)
    (x,) = [row for row in rows if not row["is_inside"]]
    assert (x["counterparty_key"], x["counter_bank_code"], x["counter_name"]) == (
        "account|X1|B9", "B9", "外部公司",
    )  # fmt: skip


def test_a_reversed_payment_is_taken_off_and_a_night_may_run_twice():
    bank = bank_of(FIRST, SECOND)
    pay(bank, "1", FIRST, "A", "B", "10.00")
    pay(bank, "2", SECOND, "A", "B", "10.00", reversed_txn_id="1-out")
    memory = MemoryNights(["fct_counterparty_flow_monthly"])
    first, second = bank.deliveries()
    memory.run(first)
    memory.run(second)
    once = flows(memory)
    memory._previous = memory._previous_batch = FIRST
    memory.run(second)

    assert flows(memory) == once
    (row,) = [row for row in once if row["customer_id"] == "A"]
    assert (row["out_amt"], row["out_cnt"]) == (D(0), 0)


def test_what_comes_for_a_month_that_is_over_counts_in_the_next():
    after = date(2026, 2, 3)
    bank = bank_of(SECOND, date(2026, 1, 31), THIRD, after)
    pay(bank, "1", SECOND, "A", "B", "10.00")
    # the first batch after the month still tells of it, the second one does not
    for night, number, amount in ((THIRD, "told", "2.00"), (after, "late", "5.00")):
        bank.books.book(
            "transaction", night, txn_id=number, account_id="A-A1", txn_date=SECOND, amount=D(amount),
            direction="out", currency="CNY", is_in_bank=True, txn_type="transfer", counter_customer_id="B",
        )  # fmt: skip
    memory = MemoryNights(["fct_counterparty_flow_monthly"]).run_all(bank)

    rows = [(r["month_start_date"], r["out_amt"]) for r in flows(memory) if r["customer_id"] == "A"]
    assert sorted(rows) == [(date(2026, 1, 1), D("12.00")), (date(2026, 2, 1), D("5.00"))]


def test_only_corporate_customers_have_rows_and_a_salary_names_the_person():
    bank = bank_of(FIRST)
    pay(bank, "1", FIRST, "A", "P", "8.00", txn_type="salary")
    memory = MemoryNights(["fct_counterparty_flow_monthly"]).run_all(bank)

    (row,) = flows(memory)
    assert (row["customer_id"], row["counterparty_customer_id"], row["salary_out_amt"]) == (
        "A",
        "P",
        D("8.00"),
    )


def links(*, months: int, amount: str, other: str, relations: list | None = None) -> list:
    """A pays B the amount in each of some months, and C the rest."""
    bank = bank_of(FIRST)
    # the initial load brings earlier months, too; the first holding makes them recorded ones
    bank.customers[0].accounts[0].holds(1000, since=date(2025, 1, 1))
    for n in range(months):
        pay(bank, f"B{n}", date(2025, 11 - n, 5), "A", "B", amount)
    pay(bank, "C", date(2025, 12, 5), "A", "C", other)
    for table in bank.books.events.values():
        table[:] = [(FIRST, row) for _, row in table]
    memory = MemoryNights(["fct_supply_chain_link_monthly"])
    for delivery in deliveries(bank, {FIRST: {"customer_relation": relations or []}}):
        memory.run(delivery)
    return memory.query(
        "select * from corporate.fct_supply_chain_link_monthly where month_start_date = '2026-01-01'"
        " and payee_customer_id = 'B' order by all"
    )


@pytest.mark.parametrize(
    ("months", "amount", "other", "found"),
    [
        (3, "33.30", "900.10", False),  # 99.90 of 1,000.00 = 9.99 %
        (3, "40.00", "1080.00", True),  # 120 of 1,200
        (2, "60.00", "1080.00", False),  # 120 of 1,200, in two months only
    ],
)
def test_sc1_three_months_and_ten_percent_make_a_link(months: int, amount: str, other: str, found: bool):
    rows = links(months=months, amount=amount, other=other)
    assert bool(rows) is found
    if rows:
        assert (rows[0]["link_code"], rows[0]["payer_out_share"], rows[0]["payment_months"]) == (
            "inferred", D("0.1"), 3,
        )  # fmt: skip
        assert rows[0]["payee_in_share"] == 1


def test_what_is_declared_needs_no_payment():
    rows = links(
        months=1, amount="1.00", other="999.00", relations=[relation("A", "B", "supplier", share="0.3")]
    )

    assert [(r["link_code"], r["paid_amt"], r["declared_share"]) for r in rows] == [
        ("declared", D(1), D("0.3"))
    ]


@pytest.mark.parametrize("told", [FIRST, SECOND])
def test_a_reversal_takes_back_what_its_original_paid_whatever_side_it_names(told: date):
    """A pays X1 100, and it is taken back in a row that names another account, or none."""
    bank = bank_of(FIRST, SECOND)
    outside(bank, "1", FIRST, "A", "X1", "100.00")
    outside(bank, "2", FIRST, "A", "X2", "30.00")
    for number, original, account, amount in (("3", "1", "X9", "100.00"), ("4", "2", None, "30.00")):
        bank.books.book(
            "transaction", told, txn_id=number, account_id="A-A1", txn_date=told, amount=D(amount),
            direction="in", currency="CNY", is_in_bank=False, txn_type="other", counter_account=account,
            reversed_txn_id=original,
        )  # fmt: skip
    memory = MemoryNights(["fct_counterparty_flow_monthly"]).run_all(bank)

    assert [(r["counterparty_key"], r["out_amt"], r["out_cnt"], r["in_amt"]) for r in flows(memory)] == [
        ("account|X1|B9", D(0), 0, D(0)), ("account|X2|B9", D(0), 0, D(0)),
    ]  # fmt: skip


def test_a_salary_that_is_taken_back_is_none():
    bank = bank_of(FIRST, SECOND)
    pay(bank, "1", FIRST, "A", "P", "8.00", txn_type="salary")
    pay(bank, "2", SECOND, "A", "P", "8.00", txn_type="other", reversed_txn_id="1-out")
    memory = MemoryNights(["fct_counterparty_flow_monthly"]).run_all(bank)

    (row,) = flows(memory)
    assert (row["out_amt"], row["salary_out_amt"]) == (D(0), D(0))


def test_who_is_paid_a_salary_supplies_nobody():
    """A pays the person P 100 in each of three months, all that A pays."""
    bank = bank_of(FIRST)
    bank.customers[0].accounts[0].holds(1000, since=date(2025, 1, 1))
    for n in range(3):
        pay(bank, f"S{n}", date(2025, 11 - n, 5), "A", "P", "100.00", txn_type="salary")
    for table in bank.books.events.values():
        table[:] = [(FIRST, row) for _, row in table]
    memory = MemoryNights(["fct_supply_chain_link_monthly"]).run_all(bank)

    assert len(flows(memory)) == 3
    assert memory.query("select * from corporate.fct_supply_chain_link_monthly") == []


def test_an_account_of_the_banks_own_is_no_other_bank():
    """The bank pays A 50 of interest from an account that is nobody's."""
    bank = bank_of(FIRST)
    outside(bank, "1", FIRST, "A", "GL", "50.00", "in", is_in_bank=True, counter_bank_code=None)
    memory = MemoryNights(["rpt_prospect", "fct_corporate_segment_monthly"]).run_all(bank)

    (row,) = flows(memory)
    assert (row["is_inside"], row["counterparty_customer_id"], row["in_amt"]) == (True, None, D(50))
    assert memory.query("select * from corporate.rpt_prospect") == []
    (segment,) = memory.query(
        "select outside_12m_amt, settlement_12m_amt from corporate.fct_corporate_segment_monthly"
        " where customer_id = 'A' and month_start_date = '2026-01-01'"
    )
    assert list(segment.values()) == [D(0), D(50)]


@pytest.mark.parametrize("kind", ["transfer", "purchase", "salary", "other"])
def test_what_goes_between_owners_of_one_account_is_no_payment(kind: str) -> None:
    """Also what is bought: own is by who owns the account, not by what it was paid for."""
    bank = Bank([FIRST])
    for name in ("A", "B"):
        bank.customer(name, kind="C").holds(1000)
    bank.accounts[0].shared({"A": "0.4", "B": "0.6"}, since=FIRST)
    bank.books.book(
        "transaction", FIRST, txn_id="T", account_id="A-A1", txn_date=FIRST, amount=D("9.00"),
        direction="out", currency="CNY", is_in_bank=True, txn_type=kind, counter_customer_id="B",
    )  # fmt: skip
    memory = MemoryNights(["fct_counterparty_flow_monthly"]).run_all(bank)
    assert flows(memory) == []
