"""The state of a small hostile bank: what holds now by table, and what waits for the night that tells it."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from contract.model import load_contract

Row = dict[str, Any]


@dataclass
class World:
    """What holds now, by table and key; events wait for the night that brings them."""

    dice: Random
    state: dict[str, dict[tuple[Any, ...], Row]] = field(default_factory=dict)
    waiting: dict[str, list[Row]] = field(default_factory=dict)
    said: dict[str, list[Row]] = field(default_factory=dict)
    open: list[Row] = field(default_factory=list)
    taken_back: set[str] = field(default_factory=set)
    filed: set[str] = field(default_factory=set)
    used: set[tuple[str, str, date]] = field(default_factory=set)
    number: int = 0

    def put_open(self, opportunity: str, customer: str, owner: str) -> None:
        """Begin an opportunity, of which nothing is told yet."""
        self.open.append({"id": opportunity, "customer": customer, "owner": owner, "last": None})

    def sent(self, table: str) -> list[Row]:
        """Events that a batch has brought."""
        return self.said.get(table, [])

    def done(self, table: str) -> None:
        """Remember the events of a batch as sent."""
        self.said.setdefault(table, []).extend(self.waiting.pop(table, []))

    def put(self, table: str, **values: Any) -> Row:
        """Say a row of a table that is told as it stands."""
        columns = load_contract().table(table)
        row = {column.name: values.get(column.name) for column in columns.columns}
        assert values.keys() <= row.keys(), values.keys() - row.keys()
        self.state.setdefault(table, {})[tuple(row[name] for name in columns.key)] = row
        return row

    def tell(self, table: str, **values: Any) -> Row:
        """Say a row of an event table, once."""
        row = {column.name: values.get(column.name) for column in load_contract().table(table).columns}
        assert values.keys() <= row.keys(), values.keys() - row.keys()
        self.waiting.setdefault(table, []).append(row)
        return row

    def rows(self, table: str) -> list[Row]:
        """The rows of a table as they stand."""
        return list(self.state.get(table, {}).values())

    def next(self, prefix: str) -> str:
        """An id that nobody else has."""
        self.number += 1
        return f"{prefix}{self.number:04}"

    def cents(self, low: int, high: int) -> Decimal:
        """An amount between two amounts in whole units."""
        return Decimal(self.dice.randint(low * 100, high * 100)) / 100

    def day(self, first: date, last: date) -> date:
        """A day between two, both included."""
        return first + timedelta(self.dice.randint(0, (last - first).days))
