"""A customer's AUM by asset class and org, and day by day (2.1)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.reference.aum import held_on, history, rounded
from tests.reference.customer_value import Expected
from tests.reference.known import Ledger
from tests.reference.recorded import records_of
from tests.support.timeline import add_months, days, month_end, month_start

Part = tuple[str, str]
"""Asset class and org."""

Amounts = dict[Part, Fraction]
Months = dict[str, dict[date, Amounts]]
MEASURES = (
    "aum_end_amt", "aum_month_avg_amt", "aum_month_avg_30_amt", "aum_quarter_avg_amt", "aum_year_avg_amt",
)  # fmt: skip


@dataclass(frozen=True)
class PartMonths:
    """Exact balance sums and last balances of every customer, month and part."""

    sums: Months
    ends: Months


def part_months(ledger: Ledger) -> PartMonths:
    """Every part that ever had a balance, in the months in which it did."""
    sums: Months = defaultdict(lambda: defaultdict(lambda: defaultdict(Fraction)))
    ends: Months = defaultdict(lambda: defaultdict(lambda: defaultdict(Fraction)))
    for month, total, end in history(ledger):
        part = total.asset_class, total.org_id
        sums[total.customer_id][month][part] += total.amount
        if month_end(month) < ledger.nights[0].business_date:
            ends[total.customer_id][month][part] += end.amount
    last_day = ledger.nights[-1].business_date
    for day in days(ledger.nights[0].business_date, last_day):
        for held in held_on(ledger, day):
            month, part = month_start(day), (held.asset_class, held.org_id)
            sums[held.customer_id][month][part] += held.amount
            if day in (month_end(day), last_day):
                ends[held.customer_id][month][part] += held.amount
    return PartMonths(sums, ends)


def published_parts(expected: Expected) -> dict[tuple[str, date], dict[Part, dict[str, Decimal]]]:
    """Rows of ``fct_customer_aum_part_monthly``: parts add to the customer's rounded total.

    In order of asset class and org, a part is what the rounded sum up to it leaves.
    """
    found = part_months(expected.ledger)
    rows: dict[tuple[str, date], dict[Part, dict[str, Decimal]]] = {}
    for customer, months in expected.aum.items():
        sums, ends = found.sums[customer], found.ends[customer]
        for month, aum in months.items():
            quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
            exact = {
                "aum_end_amt": ends.get(month, {}),
                "aum_month_avg_amt": _average(sums, month, month, aum.days),
                "aum_month_avg_30_amt": _average(sums, month, month, aum.days if aum.is_partial else 30),
                "aum_quarter_avg_amt": _average(sums, *_to_date(expected, quarter, month)),
                "aum_year_avg_amt": _average(sums, *_to_date(expected, month.replace(month=1), month)),
            }
            amounts: dict[Part, dict[str, Decimal]] = {}
            for measure in MEASURES:
                for part, amount in add_to_total(exact[measure]).items():
                    amounts.setdefault(part, dict.fromkeys(MEASURES, Decimal(0)))[measure] = amount
            rows[customer, month] = {part: row for part, row in amounts.items() if any(row.values())}
    return rows


def add_to_total(exact: Amounts) -> dict[Part, Decimal]:
    """Rounded parts that add to the rounded total."""
    rounded_parts = {}
    total = Fraction(0)
    for part in sorted(exact):
        rounded_parts[part] = rounded(total + exact[part]) - rounded(total)
        total += exact[part]
    return rounded_parts


def _to_date(expected: Expected, first: date, last: date) -> tuple[date, date, int]:
    """The months of a quarter or year to date, within the recorded history, and their recorded days."""
    start, records = max(first, expected.history_start), records_of(expected.ledger)
    last_day = expected.ledger.nights[-1].business_date
    return start, last, sum(records.recorded_days(month, last_day) for month in _months(start, last))


def _months(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first = add_months(first, 1)


def _average(sums: dict[date, Amounts], first: date, last: date, day_count: int) -> Amounts:
    total: Amounts = defaultdict(Fraction)
    for month in sums:
        if first <= month <= last:
            for part, amount in sums[month].items():
                total[part] += amount
    return {part: amount / day_count for part, amount in total.items()}
