"""Plans, their breakdown and scores (chapter 7), from the extracts and the customers' own tables."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.pipeline import changes, counted_dates
from tests.reference.hostile.told import Row, Told, rate, rounded
from tests.support.timeline import month_end, month_start

FLOWS = {"visits", "opportunities_won_amt", "new_customers"}
Scope = tuple[str, str]
Values = dict[tuple[str, Scope, date], Decimal]


def span(period: str) -> tuple[date, date]:
    """First and last day of a period."""
    year, rest = int(period[:4]), period[4:]
    first, months = {"": (1, 12), "H1": (1, 6), "H2": (7, 6)}.get(rest, (0, 0))
    if rest.startswith("Q"):
        first, months = int(rest[1]) * 3 - 2, 3
    elif rest.startswith("-"):
        first, months = int(rest[1:]), 1
    return date(year, first, 1), month_end(date(year, first + months - 1, 1))


def scopes(org: str | None, employee: str | None) -> list[Scope]:
    """Whose figures something counts in."""
    found = [("bank", "bank")]
    found += [("org", org), ("org", "HQ")] if org else []
    return found + ([("employee", employee)] if employee else [])


def values(told: Told) -> Values:
    """Visits and what was won by scope and the month that counts it."""
    found: Values = defaultdict(Decimal)
    orgs = {key: row["org_id"] for key, row in told.by_key("employee", told.last).items()}
    for _, counted, row in counted_dates(told, "visit", "visited_at"):
        # what is told ahead of its day has not been done yet
        for scope in scopes(orgs[row["employee_id"]], row["employee_id"]) if counted <= told.last else []:
            found["visits", scope, month_start(counted)] += 1
    for way in changes(told, told.last).values():
        _, counted, row = way[-1]
        if row["stage"] == "won":
            for scope in scopes(orgs[row["owner_id"]], row["owner_id"]):
                found["opportunities_won_amt", scope, month_start(counted)] += row["amount"]
    return found


def plan_rows(told: Told) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows of ``fct_plan_actual`` of what the front office tells, by target and month."""
    found, actual = {}, values(told)
    for month, day in told.months():
        targets = told.brought("plan_target", day)
        for row in targets:
            first, last = span(row["period"])
            if row["indicator_code"] not in ("visits", "opportunities_won_amt") or not first <= month <= last:
                continue
            scope = (row["scope_type"], row["scope_id"])
            came = sum(
                (amount for (code, of, own), amount in actual.items()
                 if code == row["indicator_code"] and of == scope and first <= own <= month), Decimal(0)
            )  # fmt: skip
            elapsed, whole = (day - first).days + 1, (last - first).days + 1
            run_rate = rounded(Fraction(came) * whole / elapsed)
            same = [
                other["version"] for other in targets
                if all(other[name] == row[name] for name in ("scope_type", "scope_id", "indicator_code",
                "period"))
            ]  # fmt: skip
            key = (*scope, row["indicator_code"], row["period"], row["version"], month)
            found[key] = {
                "as_of_date": day,
                "target": row["target_value"],
                "actual": came,
                "time_elapsed_rate": rate(elapsed, whole),
                "run_rate_forecast": run_rate,
                "attainment_rate": rate(came, row["target_value"]) if row["target_value"] > 0 else None,
                "is_current_version": row["version"] == max(same),
            }
            if row["indicator_code"] == "visits":
                ahead = (
                    Fraction(run_rate) / Fraction(row["target_value"]) if row["target_value"] > 0 else None
                )
                found[key] |= {
                    "pipeline_forecast": None,
                    "forecast_attainment": None if ahead is None else rounded(ahead, 6),
                    "status": _status(ahead, run_rate, row["target_value"]),
                }
    return found


def _status(attained: Fraction | None, forecast: Decimal, target: Decimal) -> str:
    if attained is None:
        return "ahead" if forecast > target else "behind" if forecast < target else "on_track"
    return (
        "behind" if attained < Fraction("0.95") else "ahead" if attained >= Fraction("1.05") else "on_track"
    )


Target = tuple[str, str, str, str]
"""Whose target it is: kind and number, of which indicator and period."""


def key_of(row: Row) -> Target:
    """Whose target of what and when it is."""
    return row["scope_type"], row["scope_id"], row["indicator_code"], row["period"]


def current_targets(told: Told, day: date) -> dict[Target, Row]:
    """The highest version of every target that was told by a day."""
    best: dict[Target, Row] = {}
    for row in told.brought("plan_target", day):
        if key_of(row) not in best or row["version"] > best[key_of(row)]["version"]:
            best[key_of(row)] = row
    return best


def orgs_below(told: Told, best: dict[Target, Row], key: Target) -> list[str]:
    """The nearest orgs below a scope that have a target of the same indicator and period."""
    kind, name, indicator, period = key
    parents = {row["org_id"]: row["parent_org_id"] for row in told.rows("org", told.last)}

    def above(org: str) -> str | None:
        at = parents[org]
        while at and ("org", at, indicator, period) not in best:
            at = parents[at]
        return at

    return [
        org
        for org in parents
        if ("org", org, indicator, period) in best and above(org) == (name if kind == "org" else None)
    ]


def breakdown(told: Told) -> dict[Target, dict[str, Any]]:
    """Rows of ``rpt_plan_breakdown`` by target: the nearest orgs below with one, and the people of an org."""
    best = current_targets(told, told.last)
    parents = {row["org_id"]: row["parent_org_id"] for row in told.rows("org", told.last)}
    works = {key: row["org_id"] for key, row in told.by_key("employee", told.last).items()}

    def is_within(org: str | None, scope: str) -> bool:
        while org and org != scope:
            org = parents[org]
        return org == scope

    found = {}
    for (kind, scope, indicator, period), row in best.items():
        if kind == "employee":
            continue
        below = [
            best["org", org, indicator, period]["target_value"]
            for org in orgs_below(told, best, (kind, scope, indicator, period))
        ]
        people = [
            best["employee", name, indicator, period]["target_value"]
            for name, org in works.items()
            if ("employee", name, indicator, period) in best and (kind == "bank" or is_within(org, scope))
        ]
        target = row["target_value"]
        found[kind, scope, indicator, period] = {
            "version": row["version"],
            "target": target,
            "children_target": sum(below, Decimal(0)) if below else None,
            "children_cnt": len(below),
            "gap": target - sum(below, Decimal(0)) if below else None,
            "people_target": sum(people, Decimal(0)) if people else None,
            "people_cnt": len(people),
            "people_gap": target - sum(people, Decimal(0)) if people else None,
        }
    return found


def scores(rows: list[Row]) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Totals of ``rpt_scorecard_monthly``: indicators with a score by weight, ranked by kind."""
    groups: dict[tuple[str, str, date], list[Row]] = defaultdict(list)
    for row in rows:
        if row["indicator_code"] != "total" and row["score"] is not None:
            groups[row["scope_type"], row["scope_id"], row["month_start_date"]].append(row)
    totals = {
        key: rounded(
            sum((Fraction(row["score"]) * Fraction(row["weight_share"]) for row in of), Fraction(0))
            / sum(Fraction(row["weight_share"]) for row in of), 6,
        )
        for key, of in groups.items()
    }  # fmt: skip
    return {
        key: {
            "score": score,
            "rank_no": 1
            + sum(other > score for of, other in totals.items() if (of[0], of[2]) == (key[0], key[2])),
        }
        for key, score in totals.items()
    }


def gaps(rows: list[Row]) -> dict[tuple[str, ...], list[Decimal]]:
    """Target, actual and their difference, of the last month and the version that counts."""
    last: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = (row["scope_type"], row["scope_id"], row["indicator_code"], row["period"])
        is_later = key not in last or row["month_start_date"] > last[key]["month_start_date"]
        if row["is_current_version"] and is_later:
            last[key] = row
    return {key: [row["target"], row["actual"], row["actual"] - row["target"]] for key, row in last.items()}
