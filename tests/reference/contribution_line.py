"""A line of the contribution ledger, and the arithmetic of chapter 4: rounding, splitting, curves."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.support.bank import Bank
from tests.support.timeline import days, month_end, month_start

COMPONENTS = (
    "deposit_nii", "loan_nii", "fee_income", "direct_cost", "allocated_cost", "expected_loss",
)  # fmt: skip
HURDLE, CAPITAL = Fraction("0.12"), Fraction("0.105")
Key = tuple[str, str, str, date]
"""Account, product, org, month."""


def cents(value: Fraction) -> int:
    """Whole cents, halves away from zero."""
    size = abs(value) * 100
    whole = (2 * size.numerator + size.denominator) // (2 * size.denominator)
    return whole if value >= 0 else -whole


def largest_remainder(amount: int, weights: Mapping[Any, int | Fraction]) -> dict[Any, int]:
    """Cents split by weight; cents left over go to the largest remainders, ties to the first key."""
    total = sum(weights.values(), Fraction(0))
    exact = {key: abs(amount) * Fraction(weight) / total for key, weight in weights.items() if weight > 0}
    parts = {key: share.numerator // share.denominator for key, share in exact.items()}
    by_rest = sorted(parts, key=lambda key: (parts[key] - exact[key], key))
    for key in by_rest[: abs(amount) - sum(parts.values())]:
        parts[key] += 1
    return {key: part if amount >= 0 else -part for key, part in parts.items()}


def curve_rate(
    quotes: Mapping[tuple[str, int, date], Decimal], curve: str, on: date, tenor: int
) -> Fraction | None:
    """Rate of a tenor: linear between tenors, flat beyond the ends, the last date where one is missing."""
    dates = sorted({day for name, _, day in quotes if name == curve})
    if not dates:
        return None
    quoted = max((day for day in dates if day <= on), default=dates[0])
    points = sorted(
        (t, Fraction(rate)) for (name, t, day), rate in quotes.items() if (name, day) == (curve, quoted)
    )
    below = [point for point in points if point[0] <= tenor] or points[:1]
    above = [point for point in points if point[0] >= tenor] or points[-1:]
    (t0, r0), (t1, r1) = below[-1], above[0]
    rate = r0 if t0 == t1 else r0 + (r1 - r0) * Fraction(tenor - t0, t1 - t0)
    millionths = rate * 1_000_000
    size = abs(millionths)
    rounded = (2 * size.numerator + size.denominator) // (2 * size.denominator)
    return Fraction(rounded if rate >= 0 else -rounded, 1_000_000)


@dataclass
class Line:
    """A row of the ledger, in cents.

    Attributes:
        held: Days at the org, of those at all orgs; equal where one org kept it.
        balance_weights: Σ of the daily balances × the owner's share of the day.
        day_weights: Σ of the days held while open × the owner's share of the day.
        pools: Of each cost pool that it bears: what it counts as, the total, the cents.
    """

    account: str
    product: str
    customer: str
    org: str
    source: str
    month: date
    average: int = 0
    balance_sum: Fraction = Fraction(0)
    transactions: int = 0
    held: Fraction = Fraction(1)
    is_rate_assumed: bool = False
    reserve_cost: int = 0
    tax: int = 0
    balance_weights: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    day_weights: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    pools: dict[tuple[str, str, date, str], tuple[int, int, int]] = field(default_factory=dict)
    components: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((*COMPONENTS, "capital_charge"), 0)
    )

    @property
    def contribution(self) -> int:
        return sum(self.components[name] for name in COMPONENTS)

    def owners(self, component: str) -> dict[str, Fraction]:
        """Who shares a component, and by what weight."""
        by_balance, by_day = ({k: abs(w) for k, w in weights.items() if w} for weights in
                              (self.balance_weights, self.day_weights))  # fmt: skip
        follows = (by_balance, by_day) if component in ("deposit_nii", "loan_nii") else (by_day, by_balance)
        return follows[0] or follows[1] or {self.customer: Fraction(1)}


@dataclass(frozen=True)
class Rates:
    """Dated rates of ``contribution_rules``."""

    reserve_ratio: Fraction = Fraction(0)
    reserve_rate: Fraction = Fraction(0)
    tax_rate: Fraction = Fraction(0)


NO_RATES = Rates()
"""A bank that has filled in no reserve or tax."""


def recorded_from(bank: Bank) -> date:
    """The day from which loans and fees are recorded; of days before the first night a load tells."""
    first = month_start(bank.start)
    borrowers = any(loan.start <= bank.start for customer in bank.customers for loan in customer.loans)
    loans = first if bank.with_loan_history or not borrowers else bank.start
    told = [row["income_date"] for on, row in bank.books.events.get("fee_income", []) if on <= bank.start]
    business = next(day for day in days(first, bank.start) if day == bank.start or day.weekday() < 5)
    fees = first if told and min(told) <= business else min([*told, bank.start])
    return first if bank.start == first else max(loans, fees)


def open_month(bank: Bank, arrived: date, month: date) -> date:
    """The month that an event counts in: its own, unless that was over before the batch that brought it.

    The first batch after a month still brings what happened in it.
    """
    night = min(n for n in bank.nights if n >= arrived)
    earlier = [n for n in bank.nights if n < night]
    if earlier and month_start(earlier[-1]) <= month_start(month) and month_end(month) >= earlier[-1]:
        return month_start(month)
    return max(month_start(month), month_start(night))
