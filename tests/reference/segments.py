"""Segments of personal customers once more in plain Python, written from the specification.

It reads the bank as it was told (transactions, balances), never the warehouse's tables.
"""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Told:
    """A transaction as the bank told it, with the night that brought it."""

    txn_id: str
    account_id: str
    txn_date: date
    amount: Decimal
    txn_type: str
    arrives: date
    reverses: str | None = None


@dataclass
class Known:
    """What is known on a night of one customer: shares of accounts and transactions that count."""

    transactions: list[tuple[date, Decimal]] = field(default_factory=list)


def months_later(day: date, months: int) -> date:
    """The same day some months on, or the month's last one."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def lifecycle(opened: date, day: date) -> str:
    """new to 3 months, growth to 12, mature to 60, senior after."""
    for code, months in (("new", 3), ("growth", 12), ("mature", 60)):
        if day <= months_later(opened, months):
            return code
    return "senior"


def counted(
    told: list[Told], shares: dict[str, dict[str, Decimal]], night: date, next_batch: date | None = None
) -> dict[str, Known]:
    """Customer-initiated transactions known by the night: no interest, no fees, no reversed pair.

    Of a month that is over, the first batch after it tells what is dated in the month.
    """
    known = [
        one
        for one in told
        if one.arrives <= night
        or (
            one.arrives == next_batch and (one.txn_date.year, one.txn_date.month) == (night.year, night.month)
        )
    ]
    reversed_ids = {one.reverses for one in known if one.reverses}
    found: dict[str, Known] = {}
    for one in known:
        if one.reverses or one.txn_type in ("interest", "fee") or one.txn_id in reversed_ids:
            continue
        for customer, share in shares[one.account_id].items():
            part = (one.amount * share).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
            found.setdefault(customer, Known()).transactions.append((one.txn_date, part))
    return found


def in_months(known: Known, night: date, months: int) -> list[tuple[date, Decimal]]:
    """Those of the calendar months that end with the night's."""
    last = night.year * 12 + night.month
    return [one for one in known.transactions if 0 <= last - (one[0].year * 12 + one[0].month) < months]


def activity(known: Known, night: date) -> str:
    """By the average a month of 6 months; none in 12 is asleep."""
    if not in_months(known, night, 12):
        return "sleeping"
    count = len(in_months(known, night, 6))
    if count == 0:
        return "dormant"
    return "high" if count >= 30 else "medium" if count >= 6 else "low"


def measures(known: Known, night: date) -> tuple[int, int, Decimal] | None:
    """Recency in days, frequency and amount of 12 calendar months."""
    year = in_months(known, night, 12)
    if not year:
        return None
    return (
        (night - max(day for day, _ in year)).days,
        len(year),
        sum((amount for _, amount in year), Decimal(0)),
    )


def cut_offs(values: list[Decimal]) -> list[Decimal]:
    """The smallest value with at least 20, 40, 60, 80 % of the values at or below it."""
    ordered = sorted(values)
    return [
        next(value for place, value in enumerate(ordered, 1) if place * 5 >= share * len(ordered))
        for share in (1, 2, 3, 4)
    ]
