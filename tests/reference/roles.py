"""The org that owns a customer, and what every org keeps (2.6)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.reference.aum import held_on, rounded
from tests.reference.customer_value import Expected
from tests.reference.known import Known, Ledger
from tests.reference.parts import published_parts
from tests.support.timeline import month_end, month_start

Balance = tuple[Fraction, date, str]
"""Amount, first day, org."""


def owning_org(ledger: Ledger, month: date, customer: str) -> str:
    """The org of the largest loan, else card balance, else deposit, else the home org."""
    night, day = ledger.closed(month), min(month_end(month), ledger.nights[-1].business_date)
    for balances in (
        _loans(ledger, night, day, customer),
        _cards(night, customer),
        _deposits(ledger, day, customer),
    ):
        owned = [balance for balance in balances if balance[0] > 0]
        if owned:
            return min(owned, key=lambda balance: (-balance[0], balance[1], balance[2]))[2]
    return str(ledger.customer(customer, month)["home_org_id"])


def org_roles(expected: Expected) -> dict[tuple[str, date, str], tuple[str, list[Decimal]]]:
    """Rows of ``fct_customer_org_role``: role; deposits, investments, loans, cards."""
    ledger, parts = expected.ledger, published_parts(expected)
    rows: dict[tuple[str, date, str], tuple[str, list[Decimal]]] = {}
    for customer, months in expected.aum.items():
        for month in months:
            if month < month_start(ledger.nights[0].business_date):
                continue
            main = owning_org(ledger, month, customer)
            kept: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
            kept[main] = [Decimal(0)] * 4
            for (asset_class, org), amounts in parts[customer, month].items():
                if amounts["aum_end_amt"]:
                    kept[org][1 if asset_class == "wealth" else 0] += amounts["aum_end_amt"]
            known, day = ledger.closed(month), min(month_end(month), ledger.nights[-1].business_date)
            owed = {2: _loans(ledger, known, day, customer), 3: _cards(known, customer)}
            for place, debts in owed.items():
                total: dict[str, Fraction] = defaultdict(Fraction)
                for amount, _, org in debts:
                    total[org] += amount
                for org, amount in total.items():
                    kept[org][place] = rounded(amount)
            for org, amounts_kept in kept.items():
                if org == main or any(amounts_kept):
                    rows[customer, month, org] = ("main" if org == main else "assistant", amounts_kept)
    return rows


def _loans(ledger: Ledger, known: Known, day: date, customer: str) -> Iterator[Balance]:
    loans = {row["loan_id"]: row for row in known.rows("loan")}
    for row in known.loan_balances:
        loan = loans[row["loan_id"]]
        if loan["customer_id"] == customer:
            rate = ledger.rate(loan["currency"], day)
            yield max(Fraction(row["balance"]), Fraction(0)) * rate, loan["start_date"], loan["org_id"]


def _cards(known: Known, customer: str) -> Iterator[Balance]:
    cards = {row["card_id"]: row for row in known.rows("card")}
    for row in known.card_balances:
        card = cards[row["card_id"]]
        if card["customer_id"] == customer and card["card_kind"] == "credit":
            yield max(Fraction(row["balance"]), Fraction(0)), card["issue_date"], card["org_id"]


def _deposits(ledger: Ledger, day: date, customer: str) -> Iterator[Balance]:
    for held in held_on(ledger, day):
        if held.customer_id == customer and held.asset_class == "deposit":
            yield held.amount, held.open_date, held.org_id
