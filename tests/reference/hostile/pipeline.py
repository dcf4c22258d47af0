"""Opportunities, what they are expected to bring, and managers' visits (chapter 7), from the extracts."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.reference.hostile.told import Row, Told, bank_day, rate, rounded
from tests.support.timeline import add_months, month_start

ORDER = {"lead": 1, "contact": 2, "qualified": 3, "proposal": 4, "negotiation": 5, "won": 8, "lost": 9}
ENOUGH = 20
Rates = dict[str, Fraction]


def counted_dates(told: Told, table: str, column: str) -> list[tuple[date, date, Row]]:
    """Rows of the front office with the night that told them and the day whose month counts them.

    That is their own, or the night that told them where their month was over; the first batch that tells any
    tells history.
    """
    found: list[tuple[date, date, Row]] = []
    for night in told.nights:
        for row in night.events[table]:
            own = bank_day(row[column])
            is_history = not found or found[0][0] == night.day
            is_late = not is_history and own < month_start(night.day)
            found.append((night.day, night.day if is_late else own, row))
    return found


def changes(told: Told, known: date) -> dict[str, list[tuple[date, date, Row]]]:
    """Changes of every opportunity told by a night, in order: their own day and that which counts."""
    found: dict[str, list[tuple[date, date, Row]]] = defaultdict(list)
    for night, counted, row in counted_dates(told, "opportunity", "changed_at"):
        if night <= known:
            found[row["opportunity_id"]].append((bank_day(row["changed_at"]), counted, row))
    for way in found.values():
        way.sort(key=lambda one: one[2]["changed_at"])
    return found


def opportunities(told: Told) -> dict[tuple[str], dict[str, Any]]:
    """Columns of ``fct_opportunity`` as of the last business date."""
    orgs = {key: row["org_id"] for key, row in told.by_key("employee", told.last).items()}
    found = {}
    for number, way in changes(told, told.last).items():
        steps = [one for n, one in enumerate(way) if n == 0 or one[2]["stage"] != way[n - 1][2]["stage"]]
        now = way[-1][2]
        is_over = now["stage"] in ("won", "lost")
        end = steps[-1][0] if is_over else told.last
        found[(number,)] = {
            "customer_id": now["customer_id"],
            "counted_date": steps[-1][1] if is_over else None,
            "source_event_id": now["source_event_id"],
            "owner_id": now["owner_id"],
            "org_id": orgs[now["owner_id"]],
            "stage_code": now["stage"],
            "outcome_code": now["stage"] if is_over else "open",
            "opened_date": way[0][0],
            "since_date": steps[-1][0],
            "expected_close_date": now["expected_close_date"],
            "closed_date": steps[-1][0] if is_over else None,
            "days_in_stage": 0 if is_over else (told.last - steps[-1][0]).days,
            "age_days": (end - way[0][0]).days,
            "amount_amt": now["amount"],
            "probability_rate": now["probability"],
            "stay_cnt": len(steps),
            "went_back_cnt": sum(ORDER[b[2]["stage"]] < ORDER[a[2]["stage"]] for a, b in pairwise(steps)),
        }
    return found


def forecasts(told: Told) -> dict[tuple[str, date], dict[str, Any]]:
    """Open opportunities of an org at each month's last processed day, all months to come together."""
    found: dict[tuple[str, date], dict[str, Any]] = {}
    for month, day in told.months():
        known = max(night.day for night in told.nights if night.day <= day)
        ways = changes(told, known)
        orgs = {key: row["org_id"] for key, row in told.by_key("employee", known).items()}
        closed = [
            (
                way[-1][2]["stage"] == "won",
                {one[2]["stage"] for one in way[:-1]},
                orgs[way[-1][2]["owner_id"]],
            )
            for way in ways.values()
            if way[-1][2]["stage"] in ("won", "lost") and add_months(month, -11) <= way[-1][1] <= day
        ]
        for way in ways.values():
            now = way[-1][2]
            if now["stage"] in ("won", "lost"):
                continue
            org = orgs[now["owner_id"]]
            of_org = [won for won, stages, other in closed if now["stage"] in stages and other == org]
            of_bank = [won for won, stages, _ in closed if now["stage"] in stages]
            chance = Fraction(now["probability"])
            by = ""
            for name, group in (("bank", of_bank), ("org", of_org)):
                if len(group) >= ENOUGH:
                    chance, by = Fraction(sum(group), len(group)), name
            sums = found.setdefault((org, month), {
                "opportunity_cnt": 0, "amount_amt": Decimal(0), "expected_stated_amt": Decimal(0),
                "expected_historical_amt": Decimal(0), "org_rate_cnt": 0, "bank_rate_cnt": 0,
            })  # fmt: skip
            sums["opportunity_cnt"] += 1
            sums["amount_amt"] += now["amount"]
            sums["expected_stated_amt"] += rounded(Fraction(now["amount"]) * Fraction(now["probability"]))
            sums["expected_historical_amt"] += rounded(Fraction(now["amount"]) * chance)
            sums["org_rate_cnt"] += by == "org"
            sums["bank_rate_cnt"] += by == "bank"
    return found


def forecast_months(told: Told) -> dict[tuple[str, date, date], dict[str, Any]]:
    """Rows of ``rpt_pipeline_forecast`` with open opportunities, by org, month and month forecast."""
    found: dict[tuple[str, date, date], dict[str, Any]] = {}
    for month, day in told.months():
        for row, org, stated, expected, when in placed(told, month, day):
            if when > add_months(month, 11):
                continue
            sums = found.setdefault((org, month, when), {
                "opportunity_cnt": 0, "amount_amt": Decimal(0), "expected_stated_amt": Decimal(0),
                "expected_historical_amt": Decimal(0),
            })  # fmt: skip
            sums["opportunity_cnt"] += 1
            sums["amount_amt"] += row["amount"]
            sums["expected_stated_amt"] += stated
            sums["expected_historical_amt"] += expected
    # how the last forecast of a month came true stands in the month's own row
    for (org, month, when), sums in found.items():
        earlier = found.get((org, add_months(month, -1), when), {}) if when == month else {}
        sums["last_stated_amt"] = earlier.get("expected_stated_amt")
        sums["last_historical_amt"] = earlier.get("expected_historical_amt")
    return found


def placed(told: Told, month: date, day: date) -> list[tuple[Row, str, Decimal, Decimal, date]]:
    """Open opportunities of a day: org, what they are expected to bring, stated and by history, and when.

    That is the month of the stated date, else of the day so many days on as the stage took on average to be
    won. What is overdue is expected this month.
    """
    known = max(night.day for night in told.nights if night.day <= day)
    ways = changes(told, known)
    orgs = {key: row["org_id"] for key, row in told.by_key("employee", known).items()}
    closed = [
        way for way in ways.values()
        if way[-1][2]["stage"] in ("won", "lost") and add_months(month, -11) <= way[-1][1] <= day
    ]  # fmt: skip
    found = []
    for way in ways.values():
        now = way[-1][2]
        if now["stage"] in ("won", "lost"):
            continue
        org = orgs[now["owner_id"]]
        been = [one for one in closed if now["stage"] in {step[2]["stage"] for step in one[:-1]}]
        of_org = [one for one in been if orgs[one[-1][2]["owner_id"]] == org]
        group = of_org if len(of_org) >= ENOUGH else been
        chance = Fraction(now["probability"])
        if len(group) >= ENOUGH:
            chance = Fraction(sum(one[-1][2]["stage"] == "won" for one in group), len(group))
        took = [
            (one[-1][0] - min(step[0] for step in one if step[2]["stage"] == now["stage"])).days
            for one in group if one[-1][2]["stage"] == "won"
        ]  # fmt: skip
        when = now["expected_close_date"]
        if when is None:
            when = day + timedelta(int(rounded(Fraction(sum(took), len(took)), 0)) if took else 0)
        amount = Fraction(now["amount"])
        found.append((
            now, org, rounded(amount * Fraction(now["probability"])), rounded(amount * chance),
            max(month, month_start(when)),
        ))  # fmt: skip
    return found


def won(told: Told) -> dict[tuple[str, date], dict[str, Any]]:
    """What was won, by org and the month that counts it."""
    found: dict[tuple[str, date], dict[str, Any]] = {}
    orgs = {key: row["org_id"] for key, row in told.by_key("employee", told.last).items()}
    for way in changes(told, told.last).values():
        _, counted, row = way[-1]
        if row["stage"] == "won":
            sums = found.setdefault(
                (orgs[row["owner_id"]], month_start(counted)), {"won_cnt": 0, "won_amt": Decimal(0)}
            )
            sums["won_cnt"] += 1
            sums["won_amt"] += row["amount"]
    return found


def diligence(told: Told) -> dict[tuple[str, date], dict[str, Any]]:
    """Columns of ``rpt_rm_diligence_monthly`` on customers and visits, by employee and month."""
    found = {}
    visits = counted_dates(told, "visit", "visited_at")
    for month, day in told.months():
        mine: dict[str, set[str]] = defaultdict(set)
        active = {row["customer_id"] for row in told.rows("customer", day) if row["status"] != "closed"}
        for row in told.rows("assignment", day):
            is_valid = row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
            if row["role"] == "main" and is_valid and row["customer_id"] in active:
                mine[row["employee_id"]].add(row["customer_id"])
        loans: dict[str, Fraction] = defaultdict(Fraction)
        by_loan = told.by_key("loan", day)
        for row in told.rows("loan_balance", day):
            loan = by_loan[row["loan_id"]]
            loans[loan["customer_id"]] += Fraction(row["balance"]) * told.mid_rate(loan["currency"], day)
        seen = [row for night, counted, row in visits if month <= counted <= day and night <= told.last]
        for employee in told.by_key("employee", day):
            own = [row for row in seen if row["employee_id"] == employee]
            visited = {row["customer_id"] for row in own} & mine[employee]
            duty = {customer for customer in mine[employee] if rounded(loans[customer]) > 1_000_000}
            met = duty & {row["customer_id"] for row in own if row["has_location"]}
            found[employee, month] = {
                "assigned_customer_cnt": len(mine[employee]),
                "visited_customer_cnt": len(visited),
                "visited_rate": rate(len(visited), len(mine[employee])),
                "visit_cnt": len(own),
                "located_visit_cnt": sum(row["has_location"] for row in own),
                "duty_customer_cnt": len(duty),
                "duty_met_cnt": len(met),
                "duty_met_rate": rate(len(met), len(duty)),
            }
    return found
