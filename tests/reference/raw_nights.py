"""What a bank's batches say on each of its nights, read from their rows alone (chapter 1).

Nothing of the warehouse is used here: neither its models nor the timelines of a test bank.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from contract.model import load_contract

Row = dict[str, Any]
ZERO = Decimal(0)
ONE_DAY = timedelta(1)
REPORTING_CURRENCY = "CNY"


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to 0.01."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def month_of(day: date) -> date:
    """First day of the month."""
    return day.replace(day=1)


def month_end_of(day: date) -> date:
    """Last day of the month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


@dataclass(frozen=True)
class Line:
    """A balance of an account: its deposit, or one of its positions.

    Attributes:
        balance: b of chapter 5, in the account's currency.
        counted: B, the balance as AUM counts it: an overdrawn one is 0.
        weight: w, the weight of its product; 0 outside AUM.
        shares: s by customer.
    """

    account_id: str
    is_deposit: bool
    asset_class: str
    balance: Decimal
    counted: Decimal
    weight: Decimal
    currency: str
    shares: dict[str, Decimal]

    def ended(self) -> Line:
        """The line on a night that no longer has it."""
        return Line(
            self.account_id,
            self.is_deposit,
            self.asset_class,
            ZERO,
            ZERO,
            self.weight,
            self.currency,
            self.shares,
        )


@dataclass
class RawNight:
    """What is known on a night.

    Attributes:
        tables: The state of full and delta tables: rows by key.
        fresh: Rows of event tables that this batch was the first to bring.
    """

    day: date
    previous: RawNight | None
    tables: dict[str, dict[tuple[Any, ...], Row]]
    fresh: dict[str, list[Row]]
    rates: dict[str, list[tuple[date, Decimal]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.tables["fx_rate"].values():
            self.rates.setdefault(row["currency"], []).append((row["rate_date"], row["mid_rate"]))
        self._owners: dict[str, dict[str, Decimal]] = {}
        for row in self.tables["account_owner"].values():
            self._owners.setdefault(row["account_id"], {})[row["customer_id"]] = row["ownership_share"]
        self.lines = self._lines()

    def rows(self, table: str) -> Iterable[Row]:
        """Rows of a full or delta table."""
        return self.tables[table].values()

    def row(self, table: str, *key: str) -> Row | None:
        """One of them."""
        return self.tables[table].get(key)

    def rate(self, currency: str, day: date | None = None) -> Decimal:
        """Mid rate of a day: its own, else the last before it."""
        if currency == REPORTING_CURRENCY:
            return Decimal(1)
        return max(
            (on, rate) for on, rate in self.rates.get(currency, [(date.min, ZERO)]) if on <= (day or self.day)
        )[1]

    def shares(self, account: Row) -> dict[str, Decimal]:
        """Shares of the account's owners; without owners it belongs wholly to its customer."""
        return self._owners.get(account["account_id"]) or {account["customer_id"]: Decimal(1)}

    def main_owner(self, account_id: str) -> str | None:
        """The owner with the largest share; the first number if several have it."""
        account = self.row("account", account_id)
        if account is None:
            return self.previous.main_owner(account_id) if self.previous else None
        shares = {owner: share for owner, share in self.shares(account).items() if share > 0}
        return min(shares, key=lambda owner: (-shares[owner], owner))

    def next_business_day(self) -> date:
        """The first business day after this night."""
        days = [
            row["calendar_date"]
            for row in self.rows("calendar")
            if row["is_business_day"] and row["calendar_date"] > self.day
        ]
        return min(days, default=self.day + ONE_DAY)

    def is_open(self, account: Row) -> bool:
        """Whether the account counts on this night: from its opening, until its closing."""
        closed = account["close_date"]
        if account["status"] == "closed" and closed is None:
            return False
        return bool(account["open_date"] <= self.day and (closed is None or closed > self.day))

    def _lines(self) -> dict[tuple[str, str], Line]:
        found = {}
        for table, amount, is_deposit in (
            ("deposit_balance", "balance", True),
            ("investment_position", "market_value", False),
        ):
            for row in self.rows(table):
                account = self.row("account", row["account_id"])
                if account is None or not self.is_open(account):
                    continue
                name = "" if is_deposit else row["product_code"]
                found[row["account_id"], name] = self.line(account, name, row[amount])
        return found

    def line(self, account: Row, position: str, balance: Decimal) -> Line:
        """A deposit, or the position of a product, as tonight's products and owners have it."""
        product = self.tables["product"][(position or account["product_code"],)]
        return Line(
            account["account_id"],
            not position,
            product["asset_class"],
            balance,
            max(balance, ZERO),
            Decimal(product["aum_weight"] if product["is_in_aum"] else ZERO),
            account["currency"],
            self.shares(account),
        )

    def aum(self) -> dict[str, Decimal]:
        """AUM by customer tonight."""
        totals: dict[str, Decimal] = {}
        for line in self.lines.values():
            for customer, share in line.shares.items():
                amount = line.weight * share * self.rate(line.currency) * line.counted
                totals[customer] = totals.get(customer, ZERO) + amount
        return {customer: cents(amount) for customer, amount in totals.items()}


class RawBank:
    """The nights of a bank, from its batches in order of business date."""

    def __init__(self) -> None:
        self.contract = {table.name: table for table in load_contract().tables}
        self.nights: list[RawNight] = []

    def take(self, delivery: Any) -> RawNight:
        """Read the next batch; one of an earlier date takes back the nights since."""
        self.nights = [night for night in self.nights if night.day < delivery.business_date]
        previous = self.nights[-1] if self.nights else None
        seen = {
            (name, self._key(name, row))
            for night in self.nights
            for name, rows in night.fresh.items()
            for row in rows
        }
        tables: dict[str, dict[tuple[Any, ...], Row]] = {}
        fresh: dict[str, list[Row]] = {}
        for name, table in self.contract.items():
            rows = delivery.tables.get(name, [])
            if table.kind == "E":
                fresh[name] = []
                for row in rows:
                    if (name, self._key(name, row)) not in seen:
                        seen.add((name, self._key(name, row)))
                        fresh[name].append(row)
                continue
            keeps = delivery.loads.get(name) != "full" and previous is not None
            state = dict(previous.tables[name]) if keeps and previous else {}
            for row in rows:
                if row.get("op") == "D":
                    state.pop(self._key(name, row), None)
                else:
                    state[self._key(name, row)] = row
            tables[name] = state
        night = RawNight(delivery.business_date, previous, tables, fresh)
        self.nights.append(night)
        return night

    def _key(self, name: str, row: Row) -> tuple[Any, ...]:
        return tuple(row[column] for column in self.contract[name].key)
