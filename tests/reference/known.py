"""What is known after each batch: full tables replace, deltas change, events pile up."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.support.bank import Delivery
from tests.support.tables import DELTA_KEYS

Row = dict[str, Any]


@dataclass
class Known:
    """Everything known as of one business date."""

    business_date: date
    masters: dict[str, dict[tuple[str, ...], Row]] = field(default_factory=dict)
    products: dict[str, Row] = field(default_factory=dict)
    deposits: list[Row] = field(default_factory=list)
    positions: list[Row] = field(default_factory=list)
    loan_balances: list[Row] = field(default_factory=list)
    card_balances: list[Row] = field(default_factory=list)
    card_transactions: list[Row] = field(default_factory=list)

    def rows(self, table: str) -> list[Row]:
        """All rows of a delta table."""
        return list(self.masters.get(table, {}).values())

    def shares(self, account: Row) -> dict[str, Fraction]:
        """Owners of an account; its holder alone where no owner is recorded."""
        owners = {
            row["customer_id"]: Fraction(row["ownership_share"])
            for row in self.rows("account_owner")
            if row["account_id"] == account["account_id"]
        }
        return owners or {account["customer_id"]: Fraction(1)}


@dataclass(frozen=True)
class Ledger:
    """All batches, replayed in the order of their business dates.

    Attributes:
        nights: What is known after each batch.
        history: Rows of the initial load's ``monthly_balance_history``.
        rates: Mid rate by currency and day, over all batches.
        loan_history: Rows of the initial load's ``monthly_loan_history``.
    """

    nights: list[Known]
    history: list[Row]
    rates: dict[tuple[str, date], Decimal]
    loan_history: list[Row] = field(default_factory=list)

    def rate(self, currency: str, day: date) -> Fraction:
        """Reporting currency per unit: the last rate on or before the day; before all rates the first one."""
        if currency == "CNY":
            return Fraction(1)
        delivered = [rate_date for known, rate_date in self.rates if known == currency]
        past = [rate_date for rate_date in delivered if rate_date <= day]
        return Fraction(self.rates[currency, max(past) if past else min(delivered)])

    def as_of(self, day: date) -> Known:
        """What the last batch on or before the day said; before the first batch, the first."""
        past = [known for known in self.nights if known.business_date <= day]
        return past[-1] if past else self.nights[0]


def replay(deliveries: Iterable[Delivery]) -> Ledger:
    """Apply the batches in order; of one business date the highest sequence counts."""
    by_date: dict[date, Delivery] = {}
    for delivery in sorted(deliveries, key=lambda batch: (batch.business_date, batch.sequence)):
        by_date[delivery.business_date] = delivery

    nights: list[Known] = []
    history: list[Row] = []
    loan_history: list[Row] = []
    rates: dict[tuple[str, date], Decimal] = {}
    for delivery in by_date.values():
        history += delivery.tables.get("monthly_balance_history", [])
        loan_history += delivery.tables.get("monthly_loan_history", [])
        for row in delivery.tables["fx_rate"]:
            rates[row["currency"], row["rate_date"]] = row["mid_rate"]
        nights.append(_after(nights[-1] if nights else None, delivery))
    return Ledger(nights, history, rates, loan_history)


def _after(previous: Known | None, delivery: Delivery) -> Known:
    masters = deepcopy(previous.masters) if previous else {}
    for table, key in DELTA_KEYS.items():
        if table not in delivery.tables:
            continue
        if delivery.loads[table] == "full":
            masters[table] = {}
        state = masters.setdefault(table, {})
        for row in delivery.tables[table]:
            identity = tuple(row[name] for name in key)
            if row.get("op") == "D":
                state.pop(identity, None)
            else:
                state[identity] = row
    return Known(
        delivery.business_date,
        masters,
        {row["product_code"]: row for row in delivery.tables["product"]},
        delivery.tables["deposit_balance"],
        delivery.tables["investment_position"],
        delivery.tables["loan_balance"],
        delivery.tables.get("card_balance", []),
        _first_words(previous.card_transactions if previous else [], delivery.tables["card_txn"], "txn_id"),
    )


def _first_words(before: list[Row], tonight: list[Row], key: str) -> list[Row]:
    """Events that pile up; one that is sent again, whatever its date then, counts as it came first."""
    known = {row[key] for row in before}
    return [*before, *(row for row in tonight if row[key] not in known)]
