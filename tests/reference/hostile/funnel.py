"""The funnel and the stages of opportunities (chapter 7), by a walk through their changes."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.pipeline import ORDER, changes
from tests.reference.hostile.told import Row, Told, rate, rounded

OVER = ("won", "lost")


@dataclass
class Stay:
    """A time of an opportunity in a stage: days of its own, and the days that count it."""

    opportunity: str
    stage: str
    since: date
    counted: date
    rows: list[Row] = field(default_factory=list)
    until: date | None = None
    until_counted: date | None = None
    following: "Stay | None" = None
    is_first: bool = False


def stays(told: Told, known: date) -> list[Stay]:
    """All stays told by a night, in order."""
    found: list[Stay] = []
    for number, way in changes(told, known).items():
        own: list[Stay] = []
        for day, counted, row in way:
            if not own or own[-1].stage != row["stage"]:
                own.append(Stay(number, row["stage"], day, counted, is_first=not own))
            own[-1].rows.append(row)
        # a stay that is told of later than what followed it counts no later
        for earlier, later in zip(reversed(own[:-1]), reversed(own[1:]), strict=True):
            earlier.counted = min(earlier.counted, later.counted)
            earlier.until, earlier.until_counted, earlier.following = later.since, later.counted, later
        found += own
    return found


def funnel(told: Told) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Rows of ``rpt_funnel_monthly`` by owner, stage and month."""
    found: dict[tuple[str, str, date], dict[str, Any]] = {}
    for month, day in told.months():
        known = max(night.day for night in told.nights if night.day <= day)
        groups: dict[tuple[str, str], list[Stay]] = defaultdict(list)
        for stay in stays(told, known):
            is_told = stay.counted <= day
            is_gone = stay.until_counted is not None and stay.until_counted < month
            # what was won or lost in an earlier month is in no stage any more
            is_old_end = (
                stay.stage in OVER and stay.until is None and not (stay.is_first and stay.counted >= month)
            )
            if is_told and not is_gone and not is_old_end:
                groups[stay.rows[-1]["owner_id"], stay.stage].append(stay)
        for (owner, stage), group in groups.items():
            found[owner, stage, month] = _figures(stage, group, month, day)
    return found


def _figures(stage: str, group: list[Stay], month: date, day: date) -> dict[str, Any]:
    left = [stay for stay in group if stay.until_counted is not None and stay.until_counted <= day]
    standing = [stay for stay in group if stay not in left]
    won = [stay for stay in left if stay.following and stay.following.stage == "won"]
    lost = [stay for stay in left if stay.following and stay.following.stage == "lost"]
    others = [stay for stay in left if stay not in won and stay not in lost]
    on = [stay for stay in others if stage not in OVER and ORDER[stay.following.stage] > ORDER[stage]]
    back = [stay for stay in others if stay not in on]
    if stage in OVER:
        # one that begins with its end has left at once
        won += [stay for stay in standing if stage == "won"]
        lost += [stay for stay in standing if stage == "lost"]
        standing = []
    ages = [(day - stay.since).days for stay in standing]
    gone = len(won) + len(lost) + len(on) + len(back)
    return {
        "opening_cnt": sum(stay.counted < month for stay in group),
        "opened_cnt": sum(stay.counted >= month and stay.is_first for stay in group),
        "entered_cnt": sum(stay.counted >= month and not stay.is_first for stay in group),
        "passed_on_cnt": len(on),
        "went_back_cnt": len(back),
        "won_cnt": len(won),
        "lost_cnt": len(lost),
        "closing_cnt": len(standing),
        "opened_amt": sum(
            (stay.rows[-1]["amount"] for stay in group if stay.counted >= month and stay.is_first), Decimal(0)
        ),
        "stage_order": ORDER[stage],
        "passed_on_amt": sum((stay.rows[-1]["amount"] for stay in on), Decimal(0)),
        "won_amt": sum(((stay.following or stay).rows[-1]["amount"] for stay in won), Decimal(0)),
        "lost_amt": sum(((stay.following or stay).rows[-1]["amount"] for stay in lost), Decimal(0)),
        "closing_amt": sum((stay.rows[-1]["amount"] for stay in standing), Decimal(0)),
        "conversion_rate": rate(len(on) + len(won), gone),
        "mean_stage_days": mean_days(left),
        "aged_30_cnt": sum(age <= 30 for age in ages),
        "aged_90_cnt": sum(30 < age <= 90 for age in ages),
        "aged_over_90_cnt": sum(age > 90 for age in ages),
        "oldest_days": max(ages, default=None),
    }


def mean_days(left: list[Stay]) -> Decimal | None:
    """Mean days in the stage of what left it."""
    lasted = [(stay.until - stay.since).days for stay in left if stay.until]
    return rounded(Fraction(sum(lasted), len(lasted))) if lasted else None


def stages(told: Told) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows of ``fct_opportunity_stage`` by opportunity and stage, as of the last business date."""
    groups: dict[tuple[str, str], list[Stay]] = defaultdict(list)
    ends: dict[str, str] = {}
    for stay in stays(told, told.last):
        groups[stay.opportunity, stay.stage].append(stay)
        ends[stay.opportunity] = stay.stage
    found = {}
    for (number, stage), group in groups.items():
        last = group[-1]
        days = 0
        for stay in group:
            if stay.until:
                days += (stay.until - stay.since).days
            elif stage not in OVER:
                days += (told.last - stay.since).days
        found[number, stage] = {
            "entered_cnt": len(group),
            "first_since_date": group[0].since,
            "since_date": last.since,
            "until_date": last.until,
            "days_in_stage": days,
            "amount_amt": last.rows[-1]["amount"],
            "probability_rate": last.rows[-1]["probability"],
            "owner_id": last.rows[-1]["owner_id"],
            "is_current": last.following is None,
            "stage_order": ORDER[stage],
            "exit_code": left_by(last),
            "outcome_code": ends[number] if ends[number] in OVER else "open",
            "customer_id": last.rows[-1]["customer_id"],
        }
    return found


def left_by(stay: Stay) -> str:
    """How a stage was left: to a later or an earlier one, won, lost, or not yet; what ends it is not left."""
    if stay.following is None:
        return "stays"
    following = stay.following.stage
    if following in OVER:
        return following
    is_on = stay.stage not in OVER and ORDER[following] > ORDER[stay.stage]
    return "passed_on" if is_on else "went_back"
