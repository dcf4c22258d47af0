"""AUM and tiers of customers who are merged, by brute force over the days and months (2.1, 2.2, D-25).

Every figure of a month is that of the last night of the month: whoever is one customer then has what all of
them had, on each of its days. Months that are over stay under the number that they were told of.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.reference.aum import rounded
from tests.reference.rulebook import DOCUMENTS, ORDINARY
from tests.reference.tiers import status_of
from tests.support.bank import Bank
from tests.support.people import Account, Customer
from tests.support.timeline import add_months, days, month_end, months_between


@dataclass(frozen=True)
class MergedMonth:
    """What is published of a customer's month."""

    aum_end: Decimal
    aum_month_avg: Decimal
    aum_avg_12m: Decimal
    aum_max_12m: Decimal
    tier: str
    status: str
    below_months: int


@dataclass(frozen=True)
class Told:
    """What a month that is over said of a customer.

    Attributes:
        reached: The last month that reached each tier, as far as it was known then.
    """

    average: Decimal
    reached: Mapping[str, date]


def merged_months(bank: Bank, first_month: date) -> dict[tuple[str, date], MergedMonth]:
    """Every customer's months from the first one with a balance to that of the last night."""
    told: dict[tuple[str, date], Told] = {}
    found: dict[tuple[str, date], MergedMonth] = {}
    last_night = bank.nights[-1]
    month = first_month
    while month <= last_night:
        night = max((n for n in bank.nights if n <= month_end(month)), default=bank.start)
        last_day = min(month_end(month), last_night)
        ends, sums = _amounts(bank, month, last_day, night)
        length = len(days(month, last_day))
        customers = [customer.customer_id for customer in bank.customers]
        for customer in customers:
            own = {other for other in customers if survivor(bank, other, night) == customer}
            if customer not in own:
                continue
            average = rounded(sums[customer] / length)
            reached = {
                tier.code: month if average >= tier.aum else last
                for tier in DOCUMENTS
                if (last := _last_reached(told, own, tier.code, month)) or average >= tier.aum
            }
            told[customer, month] = Told(average, {code: last for code, last in reached.items() if last})
            found[customer, month] = _month(told, own, customer, month, rounded(ends[customer]))
        month = add_months(month, 1)
    return found


def _last_reached(
    told: Mapping[tuple[str, date], Told], own: Iterable[str], tier: str, month: date
) -> date | None:
    """As the month before says it of all who are one now; who had none then goes on from the last one."""
    of_own = [(past, said) for (customer, past), said in told.items() if customer in own and past < month]
    last = max((past for past, _ in of_own), default=month)
    return max(
        (said.reached[tier] for past, said in of_own if past == last and tier in said.reached), default=None
    )


def survivor(bank: Bank, customer: str, night: date) -> str:
    """Who goes on for a customer, as known on a night, over any number of mergers."""
    records = {each.customer_id: each for each in bank.customers}
    seen = [customer]
    while True:
        golden = _golden(records, seen[-1], night)
        if golden is None:
            return seen[-1]
        if golden in seen:
            return customer
        seen.append(golden)


def _golden(records: Mapping[str, Customer], customer: str, night: date) -> str | None:
    golden = records[customer].golden.at(night)
    if golden is None or golden == customer or golden not in records:
        return None
    return golden if records[golden].kind.at(night) == records[customer].kind.at(night) else None


def _amounts(
    bank: Bank, month: date, last_day: date, night: date
) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
    """What everybody has at the end of the month, and the sum of its days."""
    ends: dict[str, Fraction] = defaultdict(Fraction)
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for account in bank.accounts:
        for day in days(month, last_day):
            # a day without a batch has the balances and the owners of the night before it
            since = max((n for n in bank.nights if n <= day), default=day)
            for told, amount in _held(account, since):
                # and whose it is, the last night of the month says of all its days
                owner = survivor(bank, told, night)
                sums[owner] += amount
                if day == last_day:
                    ends[owner] += amount
    return ends, sums


def _held(account: Account, day: date) -> Iterable[tuple[str, Fraction]]:
    balance = sum((line.at(day) or Decimal(0) for line in account.lines.values()), Decimal(0))
    owners = account.owners.at(day) or {account.customer_id: Decimal(1)}
    return [(owner, Fraction(balance) * Fraction(share)) for owner, share in owners.items()]


def _month(
    told: Mapping[tuple[str, date], Told], own: Iterable[str], customer: str, month: date, end: Decimal
) -> MergedMonth:
    now = told[customer, month]
    earlier: dict[date, Decimal] = defaultdict(Decimal)
    for (other, past), said in told.items():
        if other in own and past < month:
            earlier[past] += said.average
    trailing = [amount for past, amount in earlier.items() if months_between(past, month) < 12]
    trailing.append(now.average)
    tier, status, below = ORDINARY, "normal", 0
    for candidate in DOCUMENTS:
        last = now.reached.get(candidate.code)
        k = None if last is None else months_between(last, month)
        said_of_tier = status_of(candidate, k, frozenset())
        if k is not None and said_of_tier is not None and said_of_tier != "lost":
            tier, status, below = candidate.code, said_of_tier, k
            break
    mean = rounded(sum(map(Fraction, trailing), Fraction(0)) / len(trailing))
    return MergedMonth(end, now.average, mean, max(trailing), tier, status, below)
