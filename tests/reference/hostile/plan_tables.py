"""Plans of all indicators, what they come to, how their gaps split, and scores, in plain Python."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.indicators import BALANCES, LESS_IS_BETTER, Came, Figures, Scope
from tests.reference.hostile.pipeline import placed
from tests.reference.hostile.plans import current_targets, key_of, orgs_below, span
from tests.reference.hostile.told import Row, rate, rounded, split
from tests.support.timeline import add_months, month_end, month_start

WEIGHTS = {
    "employee": {
        "aum_month_avg": "0.3", "contribution": "0.3", "sales_amount": "0.2", "visits": "0.1",
        "opportunities_won_amt": "0.1",
    },
    "org": {"aum_end": "0.3", "contribution": "0.3", "fee_income": "0.2", "new_customers": "0.2"},
}  # fmt: skip
CAP = Fraction("1.2")


def plan_actuals(figures: Figures) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows of ``fct_plan_actual`` by scope, indicator, period, version and month."""
    told, found = figures.told, {}
    lived = dict(told.months())
    for month, day in lived.items():
        targets = told.brought("plan_target", day)
        best: dict[tuple[Any, ...], int] = defaultdict(int)
        for row in targets:
            best[key_of(row)] = max(best[key_of(row)], row["version"])
        for row in targets:
            first, last = span(row["period"])
            if not first <= month <= last:
                continue
            scope, indicator = (row["scope_type"], row["scope_id"]), row["indicator_code"]
            until = min(day, last)
            actual = figures.amount(indicator, scope, first, month, day)
            elapsed, whole = (until - first).days + 1, (last - first).days + 1
            forecast = run_rate(figures, indicator, scope, first, actual, (elapsed, whole), day)
            target = row["target_value"]
            base = [past(figures, indicator, scope, first, last, years, day) for years in (1, 2, 3)]
            found[*key_of(row), row["version"], month] = {
                "as_of_date": until,
                "period_start_date": first,
                "period_end_date": last,
                "target": target,
                "actual": actual,
                "attainment_rate": rate(actual, target) if target > 0 else None,
                "time_elapsed_rate": rate(elapsed, whole),
                "run_rate_forecast": forecast,
                "baseline": base[0],
                "baseline_three_year_mean": None
                if None in base
                else rounded(sum((Fraction(one) for one in base if one is not None), Fraction(0)) / 3),
                "is_current_version": row["version"] == best[key_of(row)],
                "is_provisional": day != month_end(month),
            }
            ahead = None
            if indicator == "opportunities_won_amt":
                ahead = actual + expected(figures, scope, month, last)
            found[*key_of(row), row["version"], month] |= {
                "pipeline_forecast": ahead,
                **standing(indicator, forecast if ahead is None else ahead, target),
            }
    return found


def run_rate(
    figures: Figures,
    indicator: str,
    scope: Scope,
    first: date,
    actual: Decimal,
    days: tuple[int, int],
    tree: date,
) -> Decimal | None:
    """Where an indicator comes to by the end of its period if it goes on as it went.

    Args:
        days: Days gone and days of the period.
    """
    elapsed, whole = days
    if indicator not in BALANCES:
        return rounded(Fraction(actual) * whole / elapsed)
    if elapsed == whole:
        return actual
    before = add_months(first, -1)
    recorded = figures.recorded_from(indicator)
    if recorded is None or before < recorded:
        return None
    began = figures.amount(indicator, scope, before, before, tree)
    return rounded(Fraction(actual) + Fraction(actual - began) / elapsed * (whole - elapsed))


def past(
    figures: Figures, indicator: str, scope: Scope, first: date, last: date, years: int, tree: date
) -> Decimal | None:
    """What the same period of an earlier year brought; nothing where it is not recorded whole."""
    since, until = add_months(first, -12 * years), add_months(month_start(last), -12 * years)
    recorded = figures.recorded_from(indicator)
    if recorded is None or (until if indicator in BALANCES else since) < recorded:
        return None
    return figures.amount(indicator, scope, since, until, tree)


def expected(figures: Figures, scope: Scope, month: date, last: date) -> Decimal:
    """What the open opportunities of a scope are expected to bring until a day, a year ahead at most."""
    day = dict(figures.told.months())[month]
    if (month, day) not in figures.open:
        figures.open[month, day] = placed(figures.told, month, day)
    kind, name = scope
    orgs = figures.leaves(day)[scope] if kind == "org" else set()
    return sum(
        (
            amount
            for row, org, _, amount, when in figures.open[month, day]
            if when <= min(last, add_months(month, 11))
            and (kind == "bank" or (org in orgs if kind == "org" else row["owner_id"] == name))
        ),
        Decimal(0),
    )


def standing(indicator: str, forecast: Decimal | None, target: Decimal) -> dict[str, Any]:
    """Attainment of the forecast, and whether it is ahead, on track or behind."""
    if forecast is None:
        return {"forecast_attainment": None, "status": None}
    if target <= 0:
        more, less = ("behind", "ahead") if indicator in LESS_IS_BETTER else ("ahead", "behind")
        status = more if forecast > target else less if forecast < target else "on_track"
        return {"forecast_attainment": None, "status": status}
    attained: Fraction | None = Fraction(forecast) / Fraction(target)
    if indicator in LESS_IS_BETTER:
        attained = Fraction(target) / Fraction(forecast) if forecast > 0 else None
    status = (
        "ahead" if attained is None or attained >= Fraction("1.05")
        else "behind" if attained < Fraction("0.95") else "on_track"
    )  # fmt: skip
    return {"forecast_attainment": rate(forecast, target), "status": status}


def scorecards(figures: Figures) -> dict[tuple[str, str, str, date], dict[str, Any]]:
    """Rows of ``rpt_scorecard_monthly`` of what came or is planned, by scope, indicator and month."""
    told, found = figures.told, {}
    lived = dict(told.months())
    for month, last in figures.days().items():
        day = last if month in lived else told.nights[0].day
        best: dict[tuple[str, str, str], Row] = {}
        for row in told.brought("plan_target", day) if month in lived else []:
            key = (row["scope_type"], row["scope_id"], row["indicator_code"])
            if row["period"] == f"{month:%Y-%m}" and (
                key not in best or row["version"] > best[key]["version"]
            ):
                best[key] = row
        scopes = [("org", org) for org in told.by_key("org", day)]
        scopes += [("employee", employee) for employee in told.by_key("employee", day)]
        for scope in scopes:
            for indicator, weight in WEIGHTS[scope[0]].items():
                target = best[*scope, indicator]["target_value"] if (*scope, indicator) in best else None
                value = figures.amount(indicator, scope, month, month, day)
                if target is None and not value:
                    continue
                attained = rate(value, target) if target is not None and target > 0 else None
                found[*scope, indicator, month] = {
                    "weight_share": Decimal(weight),
                    "value": value,
                    "target": target,
                    "attainment_rate": attained,
                    "score": None
                    if attained is None
                    else rounded(100 * max(Fraction(0), min(CAP, Fraction(attained))), 6),
                    "is_provisional": last != month_end(month),
                }
    for key, of in found.items():
        peers = [
            other["score"]
            for one, other in found.items()
            if (one[0], one[2], one[3]) == (key[0], key[2], key[3]) and other["score"] is not None
        ]
        of["rank_no"] = None if of["score"] is None else 1 + sum(score > of["score"] for score in peers)
    return found


def variances(figures: Figures) -> dict[tuple[str, str, str, str, str, str], dict[str, Any]]:
    """Rows of ``rpt_plan_variance`` that are not 0, by target, way of splitting and part.

    An org below is held to its own target; a tier or line to the part of the target that it had of the same
    period of last year, else of this one.
    """
    told, found = figures.told, {}
    month, day = told.months()[-1]
    best = current_targets(told, day)
    for key, row in best.items():
        kind, name, indicator, period = key
        first, last = span(period)
        if kind == "employee" or not first <= month <= last:
            continue
        scope, target = (kind, name), row["target_value"]
        rest = [target, figures.amount(indicator, scope, first, month, day)]
        for org in orgs_below(told, best, key):
            part = [
                best["org", org, indicator, period]["target_value"],
                figures.amount(indicator, ("org", org), first, month, day),
            ]
            found[*key, "org", org] = part
            rest = [rest[0] - part[0], rest[1] - part[1]]
        found[*key, "org", "own"] = rest
        now = figures.of(indicator, scope, first, month, day)
        year_ago = (
            figures.of(indicator, scope, add_months(first, -12), add_months(month_start(last), -12), day)
            if past(figures, indicator, scope, first, last, 1, day) is not None
            else []
        )
        for way in ("tier", "product_line"):
            came, before = by_part(now, way), by_part(year_ago, way)
            names = sorted(came | before)
            weights = next(
                (
                    [max(of.get(one, Decimal(0)), Decimal(0)) for one in names]
                    for of in (before, came)
                    if any(value > 0 for value in of.values())
                ),
                None,
            )
            if weights is None:
                continue
            for one, part_target in zip(names, split(target, weights), strict=True):
                found[*key, way, one] = [part_target, came.get(one, Decimal(0))]
    return {
        key: {"part_target": of[0], "part_actual": of[1], "gap": of[1] - of[0]}
        for key, of in found.items()
        if any(of)
    }


def by_part(came: Iterable[Came], way: str) -> dict[str, Decimal]:
    """What came by tier or by product line."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for one in came:
        found[one.tier if way == "tier" else one.line] += one.amount
    return found
