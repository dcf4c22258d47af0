"""Tiers, status and events of one customer from the list of months, by brute force (2.2, 2.3).

Every month looks back over all earlier months again; nothing is carried. Slow and plain on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from tests.reference.recorded import Records
from tests.reference.rulebook import DOCUMENTS, FACTORS, LARGEST_WINDOW, ORDINARY, RANKS, Tier
from tests.support.timeline import add_months, months_between


@dataclass(frozen=True)
class Month:
    """What a customer brings to one month's assessment."""

    aum: Decimal
    card_spend: Decimal = Decimal(0)
    mortgage: Decimal = Decimal(0)
    credit_loan: Decimal = Decimal(0)
    has_diamond: bool = False


@dataclass(frozen=True)
class Status:
    """One row of ``fct_customer_tier_status_monthly``."""

    tier_code: str
    below_months: int | None
    status_code: str
    held_by: frozenset[str]
    is_lost_event: bool


@dataclass(frozen=True)
class TierMonth:
    """One row of ``fct_customer_tier_monthly`` with its status rows and events."""

    tier_code: str
    deciding_factor: str | None
    below_months: int
    status_code: str | None
    lost_tier_code: str | None
    is_history_complete: bool
    statuses: dict[str, Status] = field(default_factory=dict)
    events: frozenset[str] = frozenset()
    causes: frozenset[tuple[str, str]] = frozenset()

    @property
    def rank(self) -> int:
        """Rank of the tier held."""
        return RANKS[self.tier_code]


def below_months(months: Mapping[date, Month], month: date, threshold: Decimal) -> int | None:
    """k: calendar months since the last one that reached the threshold; None where none did."""
    reached = [m for m in months if m <= month and months[m].aum >= threshold]
    return months_between(max(reached), month) if reached else None


def given_by_factors(tier: Tier, month: Month) -> set[str]:
    """Factors other than AUM that give exactly this tier's bound or more."""
    amounts = {"card_spend": month.card_spend, "mortgage": month.mortgage, "credit_loan": month.credit_loan}
    given = set()
    for factor, amount in amounts.items():
        bound = getattr(tier, factor)
        if bound is not None and amount >= bound:
            given.add(factor)
    if tier.card_grade == "diamond" and month.has_diamond:
        given.add("card_grade")
    return given


def holding_factors(tier: Tier, month: Month) -> frozenset[str]:
    """Factors other than AUM that hold the tier now: those that give it or a higher one."""
    holding: set[str] = set()
    for other in DOCUMENTS:
        if other.rank >= tier.rank:
            holding |= given_by_factors(other, month)
    return frozenset(holding)


def status_of(tier: Tier, k: int | None, held_by: frozenset[str]) -> str | None:
    """Status of a tier ever reached; None where it was never reached and nothing holds it."""
    if held_by or k == 0:
        return "normal"
    if k is None:
        return None
    if k > tier.window:
        return "lost"
    return "observe" if k <= tier.observe_to else "attention"


def assess(
    months: Mapping[date, Month],
    *,
    opened_in_history: bool,
    records: Records | None = None,
    opened: date = date.min,
    first_month: date | None = None,
) -> dict[date, TierMonth]:
    """Tier, status and events of every month.

    Args:
        months: The customer's months; a month that is missing in between counts as below.
        opened_in_history: Whether the customer opened within the recorded history.
        records: What is recorded of each month; everything, if not given.
        opened: Day on which the customer opened.
        first_month: The customer's first month with a row, of a person or not.
    """
    result: dict[date, TierMonth] = {}
    for month in sorted(months):
        assessed = _assess_month(months, month, result, opened_in_history)
        causes = {(event, "change") for event in assessed.events}
        is_complete = assessed.is_history_complete
        if records is not None:
            first = first_month or min(months)
            is_complete = is_complete and is_told(records, assessed, month, opened, first)
            begun = unrecorded_before(records, month, opened, first)
            causes = _causes(months, month, result, assessed, begun)
        result[month] = replace(assessed, is_history_complete=is_complete, causes=frozenset(causes))
    return result


def is_told(records: Records, assessed: TierMonth, month: date, opened: date, first: date) -> bool:
    """Whether every factor that can give the tier held is recorded; without a tier, every factor there is."""
    tier = next((tier for tier in DOCUMENTS if tier.code == assessed.tier_code), None)
    window = tier.window if tier else LARGEST_WINDOW
    needed = [
        factor
        for factor in FACTORS[1:]
        if any(getattr(other, factor) is not None for other in ([tier] if tier else DOCUMENTS))
    ]
    factors_told = all(
        records.is_recorded(factor, month)
        or (factor == "card_spend" and records.spend_start is not None and opened >= records.spend_start)
        for factor in needed
    )
    looked_at = [add_months(month, -back) for back in range(window + 1)]
    return factors_told and all(
        records.is_recorded("aum", m) for m in looked_at if m >= max(first, records.start)
    )


def unrecorded_before(records: Records, month: date, opened: date, first: date) -> frozenset[str]:
    """Factors of a customer that the month is the first to tell of; none for who came to the bank in it."""
    if opened >= month or month > records.first_month:
        return frozenset()
    is_new_row = month == first == records.first_month
    return records.begins(month) | (frozenset(FACTORS[1:]) if is_new_row else frozenset())


def _causes(
    months: Mapping[date, Month],
    month: date,
    earlier: Mapping[date, TierMonth],
    assessed: TierMonth,
    begun: frozenset[str],
) -> set[tuple[str, str]]:
    """Events with their causes: what would not have happened had only the factors counted that were recorded
    before is ``first_recorded``. Of several tiers regained at once each has its own.
    """
    previous = earlier[max(earlier)] if earlier else None
    continued = 0
    for tier in DOCUMENTS:
        k = below_months(months, month, tier.aum)
        given = {"aum"} if k is not None and k <= tier.window else set()
        if (given | given_by_factors(tier, months[month])) - begun:
            continued = max(continued, tier.rank)
    compared = {"new": [0], "upgrade": [previous.rank if previous else 0]}
    if previous is not None:
        compared["regained"] = [
            RANKS[code] - 1
            for code, status in assessed.statuses.items()
            if _was_lost(previous, code) and status.status_code != "lost"
        ]
    return {
        (event, "first_recorded" if begun and rank is not None and continued <= rank else "change")
        for event in assessed.events
        for rank in compared.get(event, [None])
    }


def _assess_month(
    months: Mapping[date, Month], month: date, earlier: Mapping[date, TierMonth], opened_in_history: bool
) -> TierMonth:
    previous = earlier[max(earlier)] if earlier else None
    held: Tier | None = None
    deciding: str | None = None
    statuses: dict[str, Status] = {}
    for tier in DOCUMENTS:
        k = below_months(months, month, tier.aum)
        factors = holding_factors(tier, months[month])
        status = status_of(tier, k, factors)
        if status is None:
            continue
        was_lost = previous is not None and _was_lost(previous, tier.code)
        statuses[tier.code] = Status(tier.code, k, status, factors, status == "lost" and not was_lost)
        if status != "lost" and held is None:
            held = tier
            by_aum = {"aum"} if k is not None and k <= tier.window else set()
            deciding = next(
                factor for factor in FACTORS if factor in by_aum | given_by_factors(tier, months[month])
            )

    tier_code = held.code if held else ORDINARY
    window = held.window if held else LARGEST_WINDOW
    own = statuses.get(tier_code)
    return TierMonth(
        tier_code=tier_code,
        deciding_factor=deciding,
        below_months=0 if own is None or own.held_by else own.below_months or 0,
        status_code=own.status_code if own else None,
        lost_tier_code=_lost_tier(month, statuses, earlier),
        is_history_complete=opened_in_history or min(months) <= add_months(month, -window),
        statuses=statuses,
        events=_events(tier_code, statuses, previous, earlier),
    )


def _was_lost(month: TierMonth, tier_code: str) -> bool:
    return tier_code in month.statuses and month.statuses[tier_code].status_code == "lost"


def _lost_tier(month: date, statuses: Mapping[str, Status], earlier: Mapping[date, TierMonth]) -> str | None:
    """The highest tier lost in the 12 months ending now and still lost."""
    recent = [m for m in earlier if months_between(m, month) < 12]
    for tier in DOCUMENTS:
        status = statuses.get(tier.code)
        if status is None or status.status_code != "lost":
            continue
        lost_earlier = any(
            tier.code in earlier[m].statuses and earlier[m].statuses[tier.code].is_lost_event for m in recent
        )
        if status.is_lost_event or lost_earlier:
            return tier.code
    return None


def _events(
    tier_code: str,
    statuses: Mapping[str, Status],
    previous: TierMonth | None,
    earlier: Mapping[date, TierMonth],
) -> frozenset[str]:
    rank, previous_rank = RANKS[tier_code], RANKS[previous.tier_code] if previous else 0
    events: set[str] = set()
    if rank > 0 and all(month.tier_code == ORDINARY for month in earlier.values()):
        events.add("new")
    elif rank > previous_rank:
        events.add("upgrade")
    elif rank < previous_rank:
        events.add("downgrade")
    if any(status.is_lost_event for status in statuses.values()):
        events.add("lost")
    if previous is not None and any(
        _was_lost(previous, code) and status.status_code != "lost" for code, status in statuses.items()
    ):
        events.add("regained")
    return frozenset(events)
