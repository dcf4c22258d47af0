"""How far the next tier is, and when this one is lost if AUM stays as it is (2.5)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.reference.customer_value import Expected
from tests.reference.rulebook import DOCUMENTS, RANKS
from tests.reference.tiers import Month, TierMonth, below_months
from tests.support.timeline import add_months


@dataclass(frozen=True)
class Distance:
    """What ``fct_tier_reason`` says of the future."""

    next_tier_code: str | None
    next_tier_missing_amt: Decimal | None
    months_to_attention: int | None
    months_to_loss: int | None
    attention_month_date: date | None
    loss_month_date: date | None


def distances(expected: Expected) -> dict[tuple[str, date], Distance]:
    """The distance of every customer and month."""
    return {
        (customer, month): _distance(expected.factors[customer], month, tier)
        for customer, months in expected.tiers.items()
        for month, tier in months.items()
    }


def _distance(months: dict[date, Month], month: date, held: TierMonth) -> Distance:
    above = [tier for tier in DOCUMENTS if tier.rank > RANKS[held.tier_code]]
    missing = above[-1].aum - months[month].aum if above else None
    next_code = above[-1].code if above else None
    tier = next((tier for tier in DOCUMENTS if tier.code == held.tier_code), None)
    k = below_months(months, month, tier.aum) if tier else None
    if tier is None or not k or held.statuses[tier.code].held_by:
        return Distance(next_code, missing, None, None, None, None)
    to_attention = max(tier.observe_to + 1 - k, 0)
    to_loss = tier.window + 1 - k
    return Distance(
        next_code,
        missing,
        to_attention,
        to_loss,
        add_months(month, tier.observe_to + 1 - k),
        add_months(month, to_loss),
    )
