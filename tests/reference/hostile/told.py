"""What the batches of a bank have told by a day: full tables replace, deltas change, events pile up.

It works for any table of the contract, and knows nothing of what the warehouse carries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from contract.model import OP_COLUMN, load_contract
from tests.support.bank import Delivery
from tests.support.timeline import month_end, month_start

Row = dict[str, Any]
Amount = Fraction | Decimal | int
EVENT_DAYS = {"transaction": "txn_date", "card_txn": "txn_date", "fee_income": "income_date"}


def rounded(value: Amount, places: int = 2) -> Decimal:
    """Half away from zero, as money and rates are published."""
    exact = Fraction(value)
    scaled = abs(exact) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if exact >= 0 else -whole).scaleb(-places)


def rate(part: Amount, whole: Amount | None, places: int = 6) -> Decimal | None:
    """One by the other; nothing by nothing."""
    return rounded(Fraction(part) / Fraction(whole), places) if whole else None


def split(amount: Decimal, weights: Sequence[Amount]) -> list[Decimal]:
    """Parts by weight that add to the amount, to the cent: what is left goes to the largest rests."""
    whole = sum(Fraction(weight) for weight in weights)
    exact = [Fraction(abs(amount)) * 100 * Fraction(weight) / whole for weight in weights]
    parts = [int(one) for one in exact]
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[: int(abs(amount) * 100) - sum(parts)]:
        parts[place] += 1
    return [Decimal(part if amount >= 0 else -part).scaleb(-2) for part in parts]


def bank_day(instant: str | datetime) -> date:
    """The bank's day of an instant of the lake, which is in UTC."""
    when = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return (when + timedelta(hours=8)).date()


@dataclass
class Night:
    """What holds after one batch, and the events that it brought."""

    day: date
    tables: dict[str, dict[tuple[Any, ...], Row]] = field(default_factory=dict)
    events: dict[str, list[Row]] = field(default_factory=dict)


class Told:
    """All batches in order, asked as of any day."""

    def __init__(self, deliveries: Iterable[Delivery]) -> None:
        self.nights: list[Night] = []
        self._closings: dict[date, Night] = {}
        for delivery in sorted(deliveries, key=lambda one: (one.business_date, one.sequence)):
            while self.nights and self.nights[-1].day >= delivery.business_date:
                self.nights.pop()
            self.nights.append(self._after(delivery))

    def _after(self, delivery: Delivery) -> Night:
        night = Night(delivery.business_date)
        before = self.nights[-1].tables if self.nights else {}
        for table in load_contract().tables:
            rows = delivery.tables.get(table.name, [])
            if table.kind == "E":
                known = {self.key(table.name, row) for row in self.brought(table.name)}
                night.events[table.name] = [row for row in rows if self.key(table.name, row) not in known]
                continue
            is_delta = delivery.loads.get(table.name, "delta") == "delta"
            state = dict(before.get(table.name, {})) if is_delta else {}
            if table.kind == "F" and table.name in ("fx_rate", "ftp_rate"):
                state = dict(before.get(table.name, {}))
            for row in rows:
                if row.get(OP_COLUMN) == "D":
                    state.pop(self.key(table.name, row), None)
                else:
                    state[self.key(table.name, row)] = row
            night.tables[table.name] = state
        return night

    @staticmethod
    def key(table: str, row: Row) -> tuple[Any, ...]:
        """The key of a row by the contract."""
        return tuple(row[name] for name in load_contract().table(table).key)

    @property
    def last(self) -> date:
        """The last business date."""
        return self.nights[-1].day

    def night(self, day: date) -> Night:
        """What the last batch on or before a day says, and what happened in a month that ended without one.

        That is, of the next batch, who came to the bank and which accounts were closed in the month.
        """
        found = [night for night in self.nights if night.day <= day][-1]
        coming = [night for night in self.nights if night.day > day]
        if not coming or day != month_end(day) or found.day == day:
            return found
        if day not in self._closings:
            tables = {name: dict(rows) for name, rows in found.tables.items()}
            for key, row in coming[0].tables["account"].items():
                if key in tables["account"] and row["close_date"] and row["close_date"] <= day:
                    told = {"status": row["status"], "close_date": row["close_date"]}
                    tables["account"][key] = tables["account"][key] | told
            for key, row in coming[0].tables["customer"].items():
                if key not in tables["customer"] and row["first_open_date"] <= day:
                    tables["customer"][key] = row
            self._closings[day] = Night(day, tables)
        return self._closings[day]

    def rows(self, table: str, day: date) -> list[Row]:
        """The rows of a table that is told as it stands, as of a day."""
        return list(self.night(day).tables.get(table, {}).values())

    def by_key(self, table: str, day: date) -> dict[Any, Row]:
        """The same by a key of one column."""
        return {key[0]: row for key, row in self.night(day).tables.get(table, {}).items()}

    def brought(self, table: str, until: date | None = None) -> list[Row]:
        """Events that batches have brought, up to that of a day."""
        return [
            row for night in self.nights if until is None or night.day <= until for row in night.events[table]
        ]

    def events(self, table: str, day: date) -> list[Row]:
        """Events that count on a day: of a month that is over also what the next batch tells of it."""
        found = self.brought(table, day)
        coming = [night for night in self.nights if night.day > day]
        if coming and day == month_end(day) and table in EVENT_DAYS:
            column = EVENT_DAYS[table]
            found += [row for row in coming[0].events[table] if month_start(row[column]) == month_start(day)]
        return found

    def months(self) -> list[tuple[date, date]]:
        """Every month that the warehouse has lived through, with its last processed day."""
        first, found = month_start(self.nights[0].day), []
        while first <= self.last:
            found.append((first, min(month_end(first), self.last)))
            first = month_end(first) + timedelta(1)
        return found

    def mid_rate(self, currency: str, day: date, known: date | None = None) -> Fraction:
        """Reporting currency for a unit: the last rate on or before a day, as told by then or a later one."""
        if currency == "CNY":
            return Fraction(1)
        told = [row for row in self.rows("fx_rate", known or day) if row["currency"] == currency]
        past = [row for row in told if row["rate_date"] <= day]
        if not past:
            return Fraction(min(told, key=lambda row: row["rate_date"])["mid_rate"])
        return Fraction(max(past, key=lambda row: row["rate_date"])["mid_rate"])

    def shares(self, account: Row, day: date) -> dict[str, Fraction]:
        """Owners of an account with their shares."""
        owners = {
            row["customer_id"]: Fraction(row["ownership_share"])
            for row in self.rows("account_owner", day)
            if row["account_id"] == account["account_id"]
        }
        return owners or {account["customer_id"]: Fraction(1)}


def cents(amount: Decimal) -> Decimal:
    """To the cent, half up."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
