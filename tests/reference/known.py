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
from tests.support.timeline import month_end

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
        rates: Mid rate by the batch that told it, currency and day.
        loan_history: Rows of the initial load's ``monthly_loan_history``.
    """

    nights: list[Known]
    history: list[Row]
    rates: dict[tuple[date, str, date], Decimal]
    loan_history: list[Row] = field(default_factory=list)
    _known_rates: dict[tuple[str, date], Fraction] = field(init=False, default_factory=dict)

    def rate(self, currency: str, day: date) -> Fraction:
        """Reporting currency per unit: the last rate on or before the day, as the day's month knew it.

        Before all rates the first one.
        """
        if currency == "CNY":
            return Fraction(1)
        if (currency, day) not in self._known_rates:
            told_by = self._last_word_on(day)
            delivered = [
                (rate_date, night, rate)
                for (night, known, rate_date), rate in self.rates.items()
                if known == currency and night <= told_by
            ]
            past = [told for told in delivered if told[0] <= day]
            self._known_rates[currency, day] = Fraction((max(past) if past else min(delivered))[2])
        return self._known_rates[currency, day]

    def _last_word_on(self, day: date) -> date:
        """The first batch on or after the day if it is of the day's month, else the last before it."""
        coming = [known.business_date for known in self.nights if known.business_date >= day]
        if coming and (coming[0] <= month_end(day) or coming[0] == self.nights[0].business_date):
            return coming[0]
        return self.as_of(day).business_date

    def as_of(self, day: date) -> Known:
        """What the last batch on or before the day said; before the first batch, the first."""
        past = [known for known in self.nights if known.business_date <= day]
        return past[-1] if past else self.nights[0]

    def closed(self, month: date) -> Known:
        """What a month takes from the bank: the word of its own last batch."""
        return self.as_of(month_end(month))

    def customer(self, customer: str, month: date) -> Row:
        """The customer as the month's last batch knew him, else as the first batch that named him did."""
        spoken = [known for known in self.nights if (customer,) in known.masters["customer"]]
        before = [known for known in spoken if known.business_date <= month_end(month)]
        return (before[-1] if before else spoken[0]).masters["customer"][customer,]

    def card_transactions(self, month: date) -> list[Row]:
        """What a month's figures may count: all told by then, and what the next batch tells of the month.

        Of a card that the month did not know, the next batch tells nothing that counts in it.
        """
        known = self.closed(month)
        coming = [night for night in self.nights if night.business_date > month_end(month)]
        told = {row["txn_id"]: row for row in known.card_transactions}
        if coming and month_end(month) >= known.business_date >= self.nights[0].business_date:
            for row in coming[0].card_transactions:
                if (
                    month <= row["txn_date"] <= month_end(month)
                    and (row["card_id"],) in known.masters["card"]
                ):
                    told.setdefault(row["txn_id"], row)
        return list(told.values())


def replay(deliveries: Iterable[Delivery]) -> Ledger:
    """Apply the batches in order; of one business date the highest sequence counts."""
    by_date: dict[date, Delivery] = {}
    for delivery in sorted(deliveries, key=lambda batch: (batch.business_date, batch.sequence)):
        by_date[delivery.business_date] = delivery

    nights: list[Known] = []
    history: list[Row] = []
    loan_history: list[Row] = []
    rates: dict[tuple[date, str, date], Decimal] = {}
    for delivery in by_date.values():
        history += delivery.tables.get("monthly_balance_history", [])
        loan_history += delivery.tables.get("monthly_loan_history", [])
        for row in delivery.tables["fx_rate"]:
            rates[delivery.business_date, row["currency"], row["rate_date"]] = row["mid_rate"]
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
