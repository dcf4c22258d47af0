"""What the Berka bank's customers were worth, from the raw transactions and nothing else.

Independent on purpose: plain Python and ``Decimal``, day by day, no code of the project and no database.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow.parquet as pq

CENT = Decimal("0.01")
ZERO = Decimal(0)

Rows = list[dict[str, object]]


@dataclass
class Month:
    """One customer or account in one month, up to the business date."""

    end_balance: Decimal = ZERO
    balance_sum: Decimal = ZERO
    days: int = 0

    @property
    def end_aum(self) -> Decimal:
        """An overdrawn balance is no asset."""
        return max(self.end_balance, ZERO)

    @property
    def average(self) -> Decimal:
        return (self.balance_sum / self.days).quantize(CENT, ROUND_HALF_UP)


def rows(folder: Path, table: str) -> Rows:
    return pq.read_table(folder / f"{table}.parquet").to_pylist()


def day(yymmdd: str) -> date:
    return date(1900 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:6]))


def signed(transaction: dict[str, object]) -> Decimal:
    """Only PRIJEM brings money in; VYDAJ and VYBER both take it out."""
    amount = Decimal(str(transaction["amount"]))
    return {"PRIJEM": amount, "VYDAJ": -amount, "VYBER": -amount}[str(transaction["type"])]


def account_months(folder: Path, as_of: date) -> dict[tuple[str, date], Month]:
    """Every account opened by ``as_of`` and every month since its opening."""
    booked: dict[tuple[str, date], Decimal] = defaultdict(lambda: ZERO)
    for transaction in rows(folder, "trans"):
        booked[str(transaction["account_id"]), day(str(transaction["date"]))] += signed(transaction)

    months: dict[tuple[str, date], Month] = defaultdict(Month)
    for account in rows(folder, "account"):
        account_id, opened, balance = str(account["account_id"]), day(str(account["date"])), ZERO
        for today in days(opened, as_of):
            balance += booked.get((account_id, today), ZERO)
            month = months[account_id, today.replace(day=1)]
            month.end_balance = balance
            month.balance_sum += max(balance, ZERO)
            month.days = today.day
    return dict(months)


def customer_months(folder: Path, as_of: date) -> dict[tuple[str, date], Month]:
    """Every client of an account opened by ``as_of`` and every month since.

    The money is the OWNER's; a DISPONENT is a customer who owns nothing.
    """
    accounts = account_months(folder, as_of)
    by_account: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for disposition in rows(folder, "disp"):
        client = str(disposition["client_id"]), disposition["type"] == "OWNER"
        by_account[str(disposition["account_id"])].append(client)

    customers: dict[tuple[str, date], Month] = defaultdict(Month)
    for (account_id, month_start), month in accounts.items():
        for client_id, is_owner in by_account[account_id]:
            total = customers[client_id, month_start]
            total.days = month.days
            if is_owner:
                total.end_balance += month.end_aum
                total.balance_sum += month.balance_sum
    return dict(customers)


@dataclass(frozen=True)
class PostingOrder:
    """How far the stored balances leave the closing balance of a day open."""

    accounts: int
    account_days: int
    shared_days: int
    shared_rows: int
    shared_day_accounts: int
    last_row_days: int
    last_row_accounts: int
    differing_days: int
    differing_accounts: int
    largest_difference: Decimal
    month_ends: int
    last_row_month_ends: int


def posting_order(folder: Path, until: date) -> PostingOrder:
    """Compare each day's running sum with the balances stored beside that day's transactions."""
    by_day: dict[tuple[str, date], Rows] = defaultdict(list)
    for transaction in rows(folder, "trans"):
        if day(str(transaction["date"])) <= until:
            by_day[str(transaction["account_id"]), day(str(transaction["date"]))].append(transaction)

    running: dict[str, Decimal] = defaultdict(lambda: ZERO)
    last_row, differing, largest = [], [], ZERO
    month_ends: dict[tuple[str, date], Decimal] = {}
    for account_id, today in sorted(by_day):
        running[account_id] += sum((signed(row) for row in by_day[account_id, today]), ZERO)
        stored = [Decimal(str(row["balance"])) for row in by_day[account_id, today]]
        nearest = min(abs(balance - running[account_id]) for balance in stored)
        largest = max(largest, nearest)
        if nearest:
            differing.append(account_id)
        # nearer to another row of the day than to the last one in the file: the last is not the closing one
        if abs(stored[-1] - running[account_id]) != nearest:
            last_row.append(account_id)
        month_ends[account_id, today.replace(day=1)] = abs(stored[-1] - running[account_id])
    shared = {key: day_rows for key, day_rows in by_day.items() if len(day_rows) > 1}
    return PostingOrder(
        accounts=len({account_id for account_id, _ in by_day}),
        account_days=len(by_day),
        shared_days=len(shared),
        shared_rows=sum(map(len, shared.values())),
        shared_day_accounts=len({account_id for account_id, _ in shared}),
        last_row_days=len(last_row),
        last_row_accounts=len(set(last_row)),
        differing_days=len(differing),
        differing_accounts=len(set(differing)),
        largest_difference=largest,
        month_ends=len(month_ends),
        last_row_month_ends=sum(1 for difference in month_ends.values() if difference > largest),
    )


def days(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(offset)
