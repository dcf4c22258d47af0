"""Segments of small random banks: the models against plain Python, night by night."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.segments import Told, activity, counted, cut_offs, lifecycle, measures
from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

START = date(2026, 1, 15)
NIGHTS = [START + timedelta(days) for days in (0, 1, 15, 16, 17, 18, 40, 43, 44, 46, 60, 74, 78)]
"""Month ends among them: 31 January, 28 February (the 44th day); 31 March is day 75 and not there."""
NEEDS = ("credit_need", "wealth_need", "payment_need", "cross_border_need")
SCHEMES = {
    "lifecycle", "activity", "rfm", "value", "potential", "asset_layer", "coarse_class", "file_class",
    "wealth_style",
    "key_customer", "service_class", *NEEDS,
}  # fmt: skip


def random_bank(seed: int) -> tuple[Bank, list[Told], dict[str, dict[str, Decimal]]]:
    """Customers with accounts, some joint, and transactions old, late, reversed at once or later."""
    dice = random.Random(seed)
    bank = Bank(NIGHTS)
    shares: dict[str, dict[str, Decimal]] = {}
    for number in range(9):
        opened = START - timedelta(dice.choice([0, 30, 89, 91, 200, 366, 1500, 1826, 3000]))
        account = bank.customer(f"C{number}", opened=opened).holds(dice.randint(0, 90_000))
        shares[account.account_id] = {f"C{number}": Decimal(1)}
        if number % 3 == 2:
            parts = {f"C{number}": "0.7", f"C{number - 1}": "0.3"}
            account.shared(parts, since=START)
            shares[account.account_id] = {name: Decimal(part) for name, part in parts.items()}
    told: list[Told] = []
    for number in range(140):
        arrives = dice.choice([START, *NIGHTS])
        earliest = 420 if arrives == START else dice.choice([0, 1, 3, 20])
        booked = arrives - timedelta(dice.randint(0, earliest))
        kind = dice.choice(["transfer"] * 5 + ["cash", "salary", "interest", "fee", "purchase"])
        account_id = dice.choice(sorted(shares))
        amount = Decimal(dice.randint(1, 500_000)) / 100
        told.append(Told(f"T{number}", account_id, booked, amount, kind, arrives))
    for number, original in enumerate(dice.sample(told, 25)):
        later = [night for night in NIGHTS if night >= original.arrives]
        arrives = dice.choice(later)
        told.append(
            Told(
                f"R{number}",
                original.account_id,
                arrives,
                original.amount,
                "transfer",
                arrives,
                original.txn_id,
            )
        )
    for one in told:
        bank.books.book(
            "transaction", one.arrives, txn_id=one.txn_id, account_id=one.account_id, txn_date=one.txn_date,
            amount=one.amount, direction=dice.choice(["in", "out"]), currency="CNY", is_in_bank=False,
            txn_type=one.txn_type, reversed_txn_id=one.reverses,
        )  # fmt: skip
    return bank, told, shares


@pytest.mark.parametrize("seed", range(3))
def test_the_models_agree_with_plain_python(seed: int) -> None:
    bank, told, shares = random_bank(seed)
    nights = MemoryNights(["fct_customer_segment_monthly", "rpt_segment_migration_monthly"])
    closed_cuts: dict[date, dict[str, list[Decimal]]] = {}
    for delivery in bank.deliveries():
        night = delivery.business_date
        month_end = night.replace(day=1) - timedelta(1)
        is_first_of_month = nights._previous is not None and nights._previous <= month_end
        if is_first_of_month and nights._previous != month_end:
            # a month that ends without a batch is closed by a build of its own
            late = [row for row in delivery.tables["transaction"] if row["txn_date"] <= month_end]
            nights.close(month_end, before=night, transaction=late)
            rest = [row for row in delivery.tables["transaction"] if row not in late]
            delivery = replace(delivery, tables=delivery.tables | {"transaction": rest})
        nights.run(delivery)
        if is_first_of_month:
            compare(nights, bank, told, shares, month_end, next_batch=night, cuts=closed_cuts)
        compare(nights, bank, told, shares, night, cuts=closed_cuts)


def compare(
    nights: MemoryNights,
    bank: Bank,
    told: list[Told],
    shares: dict[str, dict[str, Decimal]],
    night: date,
    *,
    next_batch: date | None = None,
    cuts: dict[date, dict[str, list[Decimal]]],
) -> None:
    """The rows of the night's month against what plain Python says of them."""
    last_batch = max(day for day in NIGHTS if day <= night)
    known = counted(told, shares, last_batch, next_batch)
    month = night.replace(day=1)
    rows = nights.query(
        "select * from customer.fct_customer_segment_monthly where month_start_date = ? order by customer_id",
        month,
    )
    customers = {customer.customer_id: customer.first_open_date for customer in bank.customers}
    assert [row["customer_id"] for row in rows] == sorted(customers)

    figures = {name: measures(one, night) for name, one in known.items()}
    active = {name: one for name, one in figures.items() if one is not None}
    is_over = (night + timedelta(1)).day == 1
    before = (month - timedelta(1)).replace(day=1)
    own = {
        name: cut_offs([Decimal(one[place]) for one in active.values()])
        for place, name in enumerate(("recency", "frequency", "monetary"))
    }
    if is_over or before not in cuts:
        cuts[month] = own
    applied = cuts[month] if is_over or before not in cuts else cuts[before]

    for row in rows:
        customer = row["customer_id"]
        assert row["lifecycle_code"] == lifecycle(customers[customer], night)
        if customer not in active:
            assert (row["activity_code"], row["frequency_cnt"], row["frequency_score"]) == ("sleeping", 0, 0)
            continue
        recency, frequency, monetary = active[customer]
        assert (row["recency_days"], row["frequency_cnt"], row["monetary_amt"]) == (
            recency,
            frequency,
            monetary,
        )
        assert row["activity_code"] == activity(known[customer], night)
        scores = (
            5 - below(applied["recency"], recency),
            1 + below(applied["frequency"], frequency),
            1 + below(applied["monetary"], monetary),
        )
        assert (row["recency_score"], row["frequency_score"], row["monetary_score"]) == scores

    ways: list[dict[str, Any]] = nights.query(
        "select scheme_code, sum(closing_cnt) as n from customer.rpt_segment_migration_monthly"
        " where month_start_date = ? group by 1",
        month,
    )
    assert {row["n"] for row in ways} == {len(rows)}
    assert {row["scheme_code"] for row in ways} == SCHEMES
    needs = nights.query(
        "select scheme_code, sum(closing_cnt) as n from customer.rpt_segment_migration_monthly"
        " where month_start_date = ? and to_segment_code = 'need' group by 1",
        month,
    )
    counted_needs = {need: sum(bool(row[f"is_{need}"]) for row in rows) for need in NEEDS}
    assert {row["scheme_code"]: row["n"] for row in needs if row["n"]} == {
        need: count for need, count in counted_needs.items() if count
    }


def below(cuts: list[Decimal], value: Decimal | int) -> int:
    return sum(cut < value for cut in cuts)
