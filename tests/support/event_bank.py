"""A tiny bank of which events are told: `bank.Bank`, and what it does not say of debts, days and contacts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.support.bank import Bank, Delivery, Row
from tests.support.memory_nights import MemoryNights
from tests.support.people import Account, Amount, money

FEED = ("fct_event",)


def weekdays(first: date, last: date) -> list[date]:
    """Business dates, Monday to Friday."""
    span = (first + timedelta(n) for n in range((last - first).days + 1))
    return [day for day in span if day.weekday() < 5]


@dataclass
class EventBank:
    """A bank with batches on weekdays, whose rows of a night may be said more closely.

    Attributes:
        changes: By table, the columns that replace those of a row from a day on, by the row's first column.
        rows: Rows of tables that the plain bank does not deliver, with the night that first brings them.
    """

    bank: Bank
    changes: dict[str, list[tuple[date, str, Row]]] = field(default_factory=dict)
    rows: dict[str, list[tuple[date, Row]]] = field(default_factory=dict)
    festivals: dict[date, str] = field(default_factory=dict)

    @classmethod
    def of(cls, first: date, last: date) -> "EventBank":
        """A bank with batches on the weekdays from first to last."""
        return cls(Bank(weekdays(first, last)))

    def says(self, table: str, key: str, *, since: date, **values: object) -> None:
        """Say something of a row from the night on."""
        self.changes.setdefault(table, []).append((since, key, values))

    def tells(self, table: str, on: date, **values: object) -> None:
        """Deliver a row of a table with the batch of the night."""
        self.rows.setdefault(table, []).append((on, values))

    def moves(
        self,
        account: Account,
        amount: Amount,
        *,
        on: date,
        kind: str = "transfer",
        in_bank: bool = False,
        arrives: date | None = None,
        **more: object,
    ) -> str:
        """Book a transaction, in if the amount is positive; returns its number."""
        txn_id = f"T{len(self.bank.books.events.get('transaction', [])) + 1}"
        signed = money(amount)
        row: dict[str, Any] = {
            "txn_id": txn_id,
            "account_id": account.account_id,
            "txn_date": on,
            "amount": abs(signed),
            "direction": "in" if signed > 0 else "out",
            "currency": account.currency,
            "is_in_bank": in_bank,
            "txn_type": kind,
        }
        self.bank.books.book("transaction", arrives or on, **row | more)
        return txn_id

    def contacts(self, customer: str, on: date, *, arrives: date, campaign: str | None = "M1") -> None:
        """Log a short message that reached a customer."""
        self.tells(
            "contact_log",
            arrives,
            contact_id=f"K{len(self.rows.get('contact_log', [])) + 1}",
            customer_id=customer,
            channel="sms",
            campaign_id=campaign,
            sent_at=datetime.combine(on, time(2)),
            delivered=True,
        )

    def delivery(self, night: date, *, without: Iterable[str] = (), sequence: int = 1) -> Delivery:
        """The batch of a night.

        Args:
            without: Numbers of transactions that it lacks.
        """
        plain = self.bank.delivery(night, sequence=sequence)
        content = {name: list(rows) for name, rows in plain.tables.items()}
        index = self.bank.nights.index(night)
        previous = self.bank.nights[index - 1] if index else date.min
        for table, rows in self.rows.items():
            told = [row for on, row in rows if previous < on <= night]
            content[table] = [*content.get(table, []), *told]
        for table, changes in self.changes.items():
            content[table] = self._changed(table, changes, content.get(table, []), night, previous)
        if self.festivals:
            content["calendar"] = [
                row | {"festival_code": self.festivals.get(row["calendar_date"])}
                for row in content["calendar"]
            ]
        lacking = set(without)
        content["transaction"] = [row for row in content["transaction"] if row["txn_id"] not in lacking]
        return Delivery(night, sequence, plain.is_initial, content, plain.loads)

    def run(self, nights: MemoryNights | None = None, *, models: Iterable[str] = FEED) -> MemoryNights:
        """Run every night of the bank."""
        nights = nights or MemoryNights(models)
        for night in self.bank.nights:
            nights.run(self.delivery(night))
        return nights

    def _changed(
        self, table: str, changes: list[tuple[date, str, Row]], rows: list[Row], night: date, previous: date
    ) -> list[Row]:
        said: dict[str, Row] = {}
        for since, key, values in sorted(changes, key=lambda change: change[0]):
            if since <= night:
                said[key] = said.get(key, {}) | values
        merged = [row | said.get(next(iter(row.values())), {}) for row in rows]
        present = {next(iter(row.values())) for row in rows}
        if table in _DELTAS:
            # a delta brings the row again on the night that says something new
            whole = self.bank.delivery(night, full=True).tables[table]
            fresh = {key for since, key, _ in changes if previous < since <= night} - present
            merged += [
                row | said[row_key] | {"op": "U"}
                for row in whole
                if (row_key := next(iter(row.values()))) in fresh
            ]
        return merged


_DELTAS = frozenset({"customer", "account", "loan", "card"})


def told(nights: MemoryNights, *codes: str) -> list[tuple[Any, ...]]:
    """Entries of the feed: night, event, customer, day of the event, kind of entry; of some events."""
    rows = nights.query("select * from monitoring.fct_event order by entry_id")
    return [
        (
            row["business_date"],
            row["event_code"],
            row["customer_id"],
            row["event_date"],
            row["entry_type_code"],
        )
        for row in rows
        if not codes or row["event_code"] in codes
    ]


def cents(amount: str) -> Decimal:
    """An amount as the feed has it."""
    return Decimal(amount)
