"""The tier rule for any rulebook, by brute force: every month looks back over all months again (2.2, 2.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from orchestration.what_if.rulebook import FACTORS, Rulebook, RulebookVersion, TierRule
from tests.reference.tiers import Month
from tests.support.timeline import months_between


@dataclass(frozen=True)
class Judged:
    """The tier of one month; k is of the tier held, 0 where another factor holds it."""

    tier_code: str
    status_code: str
    deciding_factor: str
    below_months: int
    lost_tier_code: str | None


def in_force(rulebook: Rulebook, month: date) -> RulebookVersion:
    """The version that holds for a month."""
    (version,) = (
        version
        for version in rulebook.versions
        if version.valid_from_month <= month <= (version.valid_to_month or date.max)
    )
    return version


def judge(rulebook: Rulebook, months: Mapping[date, Month]) -> dict[date, Judged]:
    """Every month of one customer; a month that is missing in between counts as below."""
    return {month: _judge(rulebook, months, month) for month in sorted(months)}


def _judge(rulebook: Rulebook, months: Mapping[date, Month], month: date) -> Judged:
    version = in_force(rulebook, month)
    given = _given(version, months[month])
    for tier in version.tiers:
        k = _below(rulebook, months, month, tier.code)
        if k is not None and k <= tier.window_months:
            return Judged(
                tier.code,
                _status(rulebook, months, month, tier),
                "aum",
                0 if _is_held(version, months[month], tier) else k,
                _lost(rulebook, months, month),
            )
        if tier.code in given:
            return Judged(tier.code, "normal", given[tier.code], 0, _lost(rulebook, months, month))
    return Judged(version.ordinary, "normal", "aum", 0, _lost(rulebook, months, month))


def _below(rulebook: Rulebook, months: Mapping[date, Month], month: date, tier_code: str) -> int | None:
    """k: months since the last one that reached the threshold that was in force in it."""
    reached = [
        earlier
        for earlier, brought in months.items()
        if earlier <= month
        for tier in in_force(rulebook, earlier).tiers
        if tier.code == tier_code and brought.aum >= tier.aum
    ]
    return months_between(max(reached), month) if reached else None


def _given(version: RulebookVersion, brought: Month) -> dict[str, str]:
    """Tiers that factors beside AUM give, each with the first factor that does."""
    amounts = {
        "card_spend": brought.card_spend,
        "mortgage": brought.mortgage,
        "credit_loan": brought.credit_loan,
    }
    given = {}
    for tier in version.tiers:
        for factor in FACTORS:
            threshold = getattr(tier, factor)
            gives = (
                brought.has_diamond and threshold
                if factor == "card_grade"
                else (threshold is not None and amounts[factor] >= threshold)
            )
            if gives:
                given.setdefault(tier.code, factor)
    return given


def _is_held(version: RulebookVersion, brought: Month, tier: TierRule) -> bool:
    given = _given(version, brought)
    return any(other.code in given for other in version.tiers if other.aum >= tier.aum)


def _status(rulebook: Rulebook, months: Mapping[date, Month], month: date, tier: TierRule) -> str | None:
    if _is_held(in_force(rulebook, month), months[month], tier):
        return "normal"
    k = _below(rulebook, months, month, tier.code)
    if k is None:
        return None
    if k > tier.window_months:
        return "lost"
    if tier.attention_from_months and k >= tier.attention_from_months:
        return "attention"
    if tier.observe_from_months and k >= tier.observe_from_months:
        return "observe"
    return "normal"


def _lost(rulebook: Rulebook, months: Mapping[date, Month], month: date) -> str | None:
    """The highest tier that is lost now, and became so in the last months that are reported."""
    version = in_force(rulebook, month)
    for tier in version.tiers:
        since = None
        for earlier in sorted((earlier for earlier in months if earlier <= month), reverse=True):
            same = next((t for t in in_force(rulebook, earlier).tiers if t.code == tier.code), None)
            if same is None or _status(rulebook, months, earlier, same) != "lost":
                break
            since = earlier
        if since is not None and months_between(since, month) < version.lost_report_months:
            return tier.code
    return None
