"""A tiny bank: named customers in, contract batches out.

A few readable lines make a bank; ``deliveries`` turns it into what the core-banking side would send:
an initial load with the monthly history of everything before the first night, then one batch per
night, with deltas for the tables that change and full tables for the balances.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.support import tables
from tests.support.books import Books
from tests.support.people import Account, Amount, Customer
from tests.support.timeline import Timeline, days, month_start

Row = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One batch as plain rows, before any file format.

    Attributes:
        loads: ``full``, ``append`` or ``delta`` by table; a delta's rows carry ``op``.
    """

    business_date: date
    sequence: int
    is_initial: bool
    tables: dict[str, list[Row]]
    loads: dict[str, str]


@dataclass
class Bank:
    """Customers, rates and the nights on which batches are sent.

    Attributes:
        nights: Business dates with a batch; the first is the initial load. The calendar calls exactly
            these days business days.
        with_loan_history: Whether the initial load tells what was owed in the months before it.
    """

    nights: list[date]
    customers: list[Customer] = field(default_factory=list)
    rates: dict[tuple[str, date], Decimal] = field(default_factory=dict)
    with_ledger: bool = False
    with_loan_history: bool = False
    books: Books = field(default_factory=Books)

    @property
    def start(self) -> date:
        """Business date of the initial load."""
        return self.nights[0]

    def customer(
        self,
        name: str,
        *,
        opened: date | None = None,
        kind: str = "P",
        org: str = "O1",
        cert_no: str | None = None,
    ) -> Customer:
        """Add a customer, known to the bank since ``opened`` (default: the first night)."""
        customer = Customer(name, opened or self.start, org, cert_no)
        customer.becomes(kind, on=customer.first_open_date)
        customer.status.set(customer.first_open_date, "active")
        self.customers.append(customer)
        return customer

    def rate(self, currency: str, mid_rate: Amount, *, on: date) -> None:
        """Publish a mid rate for a day; a day without one has the last before it."""
        self.rates[currency, on] = Decimal(mid_rate)

    @property
    def accounts(self) -> list[Account]:
        """All accounts of the bank."""
        return [account for customer in self.customers for account in customer.accounts]

    def deliveries(self) -> list[Delivery]:
        """All batches in order of business date."""
        return [self.delivery(night) for night in self.nights]

    def delivery(self, night: date, *, sequence: int = 1, full: bool = False) -> Delivery:
        """The batch of one night; a second ``sequence`` sends the night again as it stands now.

        Args:
            full: Send full tables where a delta would do.
        """
        index = self.nights.index(night)
        previous = self.nights[index - 1] if index else None
        whole, events = tables.full_tables(self, night), tables.event_tables(self, night, previous)
        content: dict[str, list[Row]] = whole | events
        loads = dict.fromkeys(whole, "full") | dict.fromkeys(events, "append")

        for name, key in tables.DELTA_KEYS.items():
            now = tables.master_rows(self, name, night)
            if name in tables.OPTIONAL and not tables.is_used(self, name):
                continue
            if previous is None or full:
                content[name], loads[name] = now, "full"
            else:
                before = tables.master_rows(self, name, previous)
                content[name], loads[name] = changed_rows(before, now, key), "delta"

        if previous is None:
            histories = {"monthly_balance_history": self._monthly_history()}
            if self.with_loan_history:
                histories["monthly_loan_history"] = self._monthly_loan_history()
            for name, rows in histories.items():
                if rows:
                    content[name], loads[name] = rows, "append"
        return Delivery(night, sequence, previous is None, content, loads)

    def _monthly_history(self) -> list[Row]:
        """Balances before the first night, one row per account, product and month."""
        return [
            {"account_id": account.account_id, "product_code": product_code, **month}
            for account in self.accounts
            for product_code, line in account.lines.items()
            for month in self._months_before(line)
        ]

    def _monthly_loan_history(self) -> list[Row]:
        """Loans before the first night, one row per loan and month; none was ever past due."""
        return [
            {"loan_id": loan.loan_id, **month, "worst_days_past_due": 0, "worst_five_class": "normal"}
            for customer in self.customers
            for loan in customer.loans
            for month in self._months_before(loan.owed)
        ]

    def _months_before(self, line: Timeline[Decimal]) -> Iterator[Row]:
        """What a history says of a balance, month by month before the first night."""
        last = self.start - timedelta(1)
        by_month: dict[date, list[Decimal]] = {}
        for day in days(line.first, last) if line.first else []:
            by_month.setdefault(month_start(day), []).append(line.at(day) or Decimal(0))
        for month, balances in sorted(by_month.items()):
            yield {
                "balance_month": month,
                "month_end_balance": balances[-1],
                "balance_sum": sum(balances, Decimal(0)),
                "day_count": len(balances),
            }


def changed_rows(before: list[Row], now: list[Row], key: tuple[str, ...]) -> list[Row]:
    """The delta between two states, with the operation in ``op``."""
    old = {tuple(row[name] for name in key): row for row in before}
    new = {tuple(row[name] for name in key): row for row in now}
    delta = [
        {**row, "op": "U" if identity in old else "I"}
        for identity, row in new.items()
        if old.get(identity) != row
    ]
    delta += [{**row, "op": "D"} for identity, row in old.items() if identity not in new]
    return delta
