"""The AUM bridge of small random banks is what the reference makes of the same batches, to the cent."""

import random
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.reference.bridge import PARTS, ReferenceBridge
from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights
from tests.support.people import Account, Customer

D = Decimal
NIGHTS = [
    date(2026, 1, 28), date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2), date(2026, 2, 3),
    date(2026, 2, 27), date(2026, 3, 2),
]  # fmt: skip
OLD = date(2025, 11, 20)
PRODUCTS = ("CURRENT", "CURRENT", "OVERDRAFT", "SPECIAL", "FUND", "HALF", "OUTSIDE")


def random_bank(seed: int) -> Bank:
    """Customers with accounts of all kinds, and nights on which most things that can move them happen."""
    pick = random.Random(seed)
    bank = Bank(NIGHTS)
    bank.books.product("SPECIAL", "deposit", aum_weight=D("0.333333"), allows_overdraft=True)
    bank.books.change_product("SPECIAL", pick.choice(NIGHTS[1:]), is_in_aum=False)
    bank.books.change_product("HALF", pick.choice(NIGHTS[1:]), aum_weight=D("0.65"))
    for back in range(0, 140, pick.randint(1, 3)):
        day = NIGHTS[-1] - timedelta(back)
        bank.rate("USD", D(pick.randint(6_900_000, 7_300_000)) / 1_000_000, on=day)
    customers = [
        bank.customer(f"C{n}", opened=pick.choice([OLD, OLD, NIGHTS[0], NIGHTS[3]]), kind=pick.choice("PPC"))
        for n in range(8)
    ]
    for customer in customers:
        for _ in range(pick.randint(0, 4)):
            _account(pick, customer, customers)
    _transactions(pick, bank)
    return bank


def _account(pick: random.Random, customer: Customer, customers: list[Customer]) -> None:
    opened = pick.choice([customer.first_open_date, customer.first_open_date, NIGHTS[4]])
    account = customer.account(
        product=pick.choice(PRODUCTS), currency=pick.choice(["CNY", "CNY", "USD"]), opened=opened
    )
    for day in [opened, *(night for night in NIGHTS if night > opened)]:
        if pick.random() < 0.6 or day == opened:
            account.holds(_balance(pick, account), since=day)
    if pick.random() < 0.4:
        for day in pick.sample(NIGHTS, 2):
            other = pick.choice(customers)
            # gate 1 lets no owner through who is not known yet
            if other is not customer and day >= max(opened, other.first_open_date):
                share = D(pick.randint(1, 999_999)) / 1_000_000
                account.shared(
                    {customer.customer_id: str(share), other.customer_id: str(1 - share)}, since=day
                )
    ends = pick.random()
    later = [night for night in NIGHTS[1:] if night > opened]
    if ends < 0.2 and later:
        account.closes(pick.choice(later))
    elif ends < 0.3 and later:
        account.vanishes(pick.choice(later))


def _balance(pick: random.Random, account: Account) -> Decimal:
    lowest = -50_000 if account.product_code in ("OVERDRAFT", "SPECIAL") else 0
    return D(pick.randint(lowest, 1_000_000)) / 100


def _transactions(pick: random.Random, bank: Bank) -> None:
    names = [customer.customer_id for customer in bank.customers]
    known: list[str] = []
    for number in range(60):
        account, arrives = pick.choice(bank.accounts), pick.choice(NIGHTS)
        if account.opened > arrives:
            continue
        row = {
            "txn_id": f"T{number:03}", "account_id": account.account_id,
            "txn_date": arrives - timedelta(pick.choice([0, 0, 0, 1, 3])),
            "amount": D(pick.randint(1, 90_000)) / 100, "direction": pick.choice(["in", "out"]),
            "currency": account.currency, "is_in_bank": pick.random() < 0.5,
            "counter_customer_id": pick.choice([None, *names]),
            "txn_type": pick.choice(["cash", "transfer", "transfer", "interest", "fee", "salary", "purchase",
                                     "redemption", "loan", "other"]),
            "reversed_txn_id": pick.choice(known) if known and pick.random() < 0.15 else None,
        }  # fmt: skip
        if row["reversed_txn_id"] is None:
            known.append(str(row["txn_id"]))
        bank.books.book("transaction", arrives, **row)


@pytest.mark.parametrize("seed", range(4))
def test_the_bridge_is_the_references(seed: int) -> None:
    bank, reference = random_bank(seed), ReferenceBridge()
    nights = MemoryNights(["agg_aum_bridge_monthly"])
    last = None
    for night in bank.nights:
        delivery = bank.delivery(night)
        if last is not None and last.month != night.month:
            end = last.replace(day=monthrange(last.year, last.month)[1])
            # what is dated in the month is shown to its closing, and not to the night again
            late = [row for row in delivery.tables["transaction"] if row["txn_date"] <= end]
            nights.close(end, before=night, transaction=late)
            reference.close(end)
            reference.night(delivery)
            delivery.tables["transaction"] = [
                row for row in delivery.tables["transaction"] if row["txn_date"] > end
            ]
        else:
            reference.night(delivery)
        nights.run(delivery)
        last = night

    names = [*PARTS, "opening", "closing", "unexplained"]
    found = {}
    for row in nights.query("select * from monitoring.fct_aum_bridge_monthly"):
        amounts = {name: row[f"{name}_amt"] for name in names if row[f"{name}_amt"]}
        if amounts:
            found[row["customer_id"], row["month_start_date"]] = amounts
    assert found == reference.rows()
    assert {month for _, month in found} == {date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)}
    # orgs have what their customers have
    (totals,) = nights.query(
        "select sum(closing_amt) as closing, sum(unexplained_amt) as unexplained"
        " from monitoring.agg_aum_bridge_monthly"
    )
    assert totals["closing"] == sum(row.get("closing", D(0)) for row in found.values())
    assert totals["unexplained"] == sum(row.get("unexplained", D(0)) for row in found.values())
