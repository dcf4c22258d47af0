"""All indicators of plans and scores (chapter 7), their forecasts, splits and scores, in plain Python.

Assets, tiers, contribution, the bridge and the sales ledger are read as published: they have references of their own.
Everything else is from the extracts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.cohorts import owning_orgs
from tests.reference.hostile.pipeline import changes, counted_dates
from tests.reference.hostile.plans import span
from tests.reference.hostile.products import loans_on
from tests.reference.hostile.told import Row, Told, bank_day, rate, rounded
from tests.support.timeline import add_months, month_end, month_start

BALANCES = {
    "aum_end", "aum_month_avg", "deposit_month_avg", "loan_balance", "tier_gold_up_customers",
    "corporate_deposit_avg",
}  # fmt: skip
LESS_IS_BETTER = {"lost_customers"}
FROM_ASSETS = {
    "aum_end", "aum_month_avg", "deposit_month_avg", "corporate_deposit_avg", "new_customers",
    "lost_customers", "tier_gold_up_customers",
}  # fmt: skip
"""Indicators that are recorded as far back as months of assets are."""

WEIGHTS = {
    "employee": {
        "aum_month_avg": "0.3", "contribution": "0.3", "sales_amount": "0.2", "visits": "0.1",
        "opportunities_won_amt": "0.1",
    },
    "org": {"aum_end": "0.3", "contribution": "0.3", "fee_income": "0.2", "new_customers": "0.2"},
}  # fmt: skip
CAP = Fraction("1.2")
Scope = tuple[str, str]


@dataclass(frozen=True)
class Came:
    """What came of an indicator in a month: where, whose, in which tier."""

    indicator: str
    month: date
    org: str | None
    employee: str | None
    amount: Decimal
    customer: str | None = None


@dataclass
class Figures:
    """What a bank told, and the published tables that indicators are taken from.

    Attributes:
        read: Rows of a published table.
    """

    told: Told
    read: Callable[[str], list[Row]]
    came: list[Came] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.came = [one for one in self._everything() if one.amount]

    def days(self) -> dict[date, date]:
        """Last processed day of every month that is recorded."""
        recorded = {row["month_start_date"] for row in self.read("customer_value.fct_customer_aum_monthly")}
        lived = dict(self.told.months())
        return {month: lived.get(month, month_end(month)) for month in sorted(recorded | lived.keys())}

    def _everything(self) -> Iterable[Came]:
        lived = dict(self.told.months())
        yield from self._of_customers(lived)
        for _, counted, row in counted_dates(self.told, "visit", "visited_at"):
            if counted <= self.told.last:
                # of the org at which the employee worked on the day
                day = max(bank_day(row["visited_at"]), self.told.nights[0].day)
                org = self.told.by_key("employee", day)[row["employee_id"]]["org_id"]
                yield Came("visits", month_start(counted), org, row["employee_id"], Decimal(1))
        for way in changes(self.told, self.told.last).values():
            _, counted, row = way[-1]
            if row["stage"] == "won":
                month = month_start(counted)
                org = self.told.by_key("employee", lived[month])[row["owner_id"]]["org_id"]
                yield Came("opportunities_won_amt", month, org, row["owner_id"], row["amount"])
        for row in self.read("sales.agg_sales_performance_daily"):
            yield Came("sales_amount", month_start(row["calendar_date"]), row["org_id"], row["employee_id"], row["credit_amt"])

    def _of_customers(self, lived: dict[date, date]) -> Iterable[Came]:
        places: dict[date, tuple[dict[str, str], dict[str, str]]] = {}
        types = {row["customer_id"]: row["customer_type"] for row in self.told.rows("customer", self.told.last)}

        def came(indicator: str, customer: str, month: date, amount: Decimal | int) -> Came:
            if month not in places:
                day = lived.get(month, self.told.nights[0].day)
                places[month] = owning_orgs(self.told, day), managers(self.told, lived.get(month, month_end(month)), day)
            orgs, mine = places[month]
            return Came(indicator, month, orgs.get(customer), mine.get(customer), Decimal(amount), customer)

        for row in self.read("customer_value.fct_customer_aum_monthly"):
            customer, month = row["customer_id"], row["month_start_date"]
            yield came("aum_end", customer, month, row["aum_end_amt"])
            yield came("aum_month_avg", customer, month, row["aum_month_avg_amt"])
            yield came("deposit_month_avg", customer, month, row["deposit_month_avg_amt"])
            if types[customer] == "C":
                yield came("corporate_deposit_avg", customer, month, row["deposit_month_avg_amt"])
        for row in self.read("customer_value.fct_customer_tier_monthly"):
            if row["tier_rank"] >= 2:
                yield came("tier_gold_up_customers", row["customer_id"], row["month_start_date"], 1)
        lost = {
            (row["customer_id"], row["month_start_date"])
            for row in self.read("customer_value.fct_tier_event")
            if row["event_code"] == "lost"
        }
        for customer, month in lost:
            yield came("lost_customers", customer, month, 1)
        for row in self.read("contribution.fct_customer_contribution_monthly"):
            customer, month = row["customer_id"], row["month_start_date"]
            yield came("fee_income", customer, month, row["fee_income_amt"])
            yield came("contribution", customer, month, row["contribution_amt"])
        for row in self.read("monitoring.fct_aum_bridge_monthly"):
            yield came("net_new_money", row["customer_id"], row["month_start_date"], row["net_new_money_amt"])
        for month, day in lived.items():
            loans = self.told.by_key("loan", day)
            for number, loan in loans_on(self.told, day).items():
                # a loan counts at its own org
                one = came("loan_balance", loans[number]["customer_id"], month, loan[4])
                yield replace(one, org=loans[number]["org_id"])
        for customer, month in self._new():
            yield came("new_customers", customer, month, 1)

    def _new(self) -> Iterable[tuple[str, date]]:
        first = min(self.days())
        seen: set[str] = set()
        for place, night in enumerate(self.told.nights):
            for (customer,), row in night.tables["customer"].items():
                if customer in seen:
                    continue
                seen.add(customer)
                month = month_start(row["first_open_date"])
                if place == 0:
                    if month >= first:
                        yield customer, month
                    continue
                previous = self.told.nights[place - 1].day
                # a closing adds who opened in a month that ended without a batch
                over = month_end(month) < night.day and month_end(month) <= previous
                yield customer, month_start(night.day) if over else month

    # scopes

    def leaves(self, day: date) -> dict[Scope, set[str]]:
        """Orgs that count in a scope, by the tree of a day."""
        parents = {row["org_id"]: row["parent_org_id"] for row in self.told.rows("org", day)}
        found: dict[Scope, set[str]] = defaultdict(set)
        for org in parents:
            at: str | None = org
            while at:
                found["org", at].add(org)
                at = parents[at]
        return found

    def amount(self, indicator: str, scope: Scope, first: date, last: date, tree: date) -> Decimal:
        """What came of an indicator in a scope from a month to another, both included.

        Args:
            tree: Day whose tree of orgs counts.
        """
        return sum((one.amount for one in self.of(indicator, scope, first, last, tree)), Decimal(0))

    def of(self, indicator: str, scope: Scope, first: date, last: date, tree: date) -> list[Came]:
        """The same, one by one; of balances that of the last month."""
        kind, name = scope
        orgs = self.leaves(tree)[scope] if kind == "org" else set()
        return [
            one
            for one in self.came
            if one.indicator == indicator
            and (one.month == last if indicator in BALANCES else first <= one.month <= last)
            and (kind == "bank" or (one.org in orgs if kind == "org" else one.employee == name))
        ]

    def recorded_from(self, indicator: str) -> date | None:
        """First month in which an indicator is recorded."""
        if indicator in FROM_ASSETS:
            return min(self.days())
        table = {"visits": "visit", "opportunities_won_amt": "opportunity"}.get(indicator)
        if table is None:
            return month_start(self.told.nights[0].day)
        column = "visited_at" if table == "visit" else "changed_at"
        return min((month_start(counted) for _, counted, _ in counted_dates(self.told, table, column)), default=None)


def managers(told: Told, day: date, known: date) -> dict[str, str]:
    """Main managers by customer on a day, assigned by hand, who are employed."""
    staff = told.by_key("employee", known)
    return {
        row["customer_id"]: row["employee_id"]
        for row in told.rows("assignment", known)
        if row["role"] == "main"
        and row["valid_from"] <= day
        and (row["valid_to"] is None or day < row["valid_to"])
        and not (staff[row["employee_id"]]["left_on"] and staff[row["employee_id"]]["left_on"] <= day)
    }


def plan_actuals(figures: Figures) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows of ``fct_plan_actual`` by scope, indicator, period, version and month, but for the pipeline."""
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
                **({} if indicator == "opportunities_won_amt" else standing(indicator, forecast, target)),
            }
    return found


def key_of(row: Row) -> tuple[str, str, str, str]:
    """Whose target of what and when it is."""
    return row["scope_type"], row["scope_id"], row["indicator_code"], row["period"]


def run_rate(
    figures: Figures, indicator: str, scope: Scope, first: date, actual: Decimal, days: tuple[int, int], tree: date
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
    """Rows of ``rpt_scorecard_monthly`` of indicators that came or are planned, by scope, indicator and month."""
    told, found = figures.told, {}
    lived = dict(told.months())
    for month, last in figures.days().items():
        day = last if month in lived else told.nights[0].day
        best: dict[tuple[str, str, str], Row] = {}
        for row in told.brought("plan_target", day) if month in lived else []:
            key = (row["scope_type"], row["scope_id"], row["indicator_code"])
            if row["period"] == f"{month:%Y-%m}" and (key not in best or row["version"] > best[key]["version"]):
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
                    "score": None if attained is None else rounded(100 * max(Fraction(0), min(CAP, Fraction(attained))), 6),
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


def variances(
    figures: Figures, tiers: dict[tuple[str, date], str]
) -> dict[tuple[str, str, str, str, str, str], dict[str, Any]]:
    """Rows of ``rpt_plan_variance`` by org below and by tier, of the version that counts.

    Args:
        tiers: Tier by customer and month; who has none is a company.
    """
    told, found = figures.told, {}
    month, day = told.months()[-1]
    best: dict[tuple[str, str, str, str], Row] = {}
    for row in told.brought("plan_target", day):
        if key_of(row) not in best or row["version"] > best[key_of(row)]["version"]:
            best[key_of(row)] = row
    parents = {row["org_id"]: row["parent_org_id"] for row in told.rows("org", day)}
    for key, row in best.items():
        kind, name, indicator, period = key
        first, last = span(period)
        if kind == "employee" or last < first or not first <= month <= last:
            continue

        def with_target(org: str, indicator: str = indicator, period: str = period) -> bool:
            return ("org", org, indicator, period) in best

        def above(org: str, is_target: Callable[[str], bool] = with_target) -> str | None:
            at = parents[org]
            while at and not is_target(at):
                at = parents[at]
            return at

        below = [org for org in parents if with_target(org) and above(org) == (name if kind == "org" else None)]
        below = [org for org in below if (kind, name) != ("org", org)]
        target, actual = row["target_value"], figures.amount(indicator, (kind, name), first, month, day)
        rest = [target, actual]
        for org in below:
            part = [best["org", org, indicator, period]["target_value"], figures.amount(indicator, ("org", org), first, month, day)]
            found[*key, "org", org] = part
            rest = [rest[0] - part[0], rest[1] - part[1]]
        found[*key, "org", "own"] = rest
    return {
        key: {"part_target": of[0], "part_actual": of[1], "gap": of[1] - of[0]}
        for key, of in found.items()
    }

