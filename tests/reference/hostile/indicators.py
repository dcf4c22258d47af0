"""What came of every indicator of plans and scores (chapter 7), in plain Python.

Assets, tiers, contribution, the bridge and the sales ledger are read as published: they have references of
their own. Everything else is from the extracts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from tests.reference.hostile.cohorts import owning_orgs
from tests.reference.hostile.pipeline import changes, counted_dates
from tests.reference.hostile.products import loans_on
from tests.reference.hostile.told import Row, Told, bank_day
from tests.support.timeline import month_end, month_start

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

INDICATORS_OF_PLANS = BALANCES | FROM_ASSETS | {
    "sales_amount", "fee_income", "contribution", "net_new_money", "opportunities_won_amt", "visits",
}  # fmt: skip
Scope = tuple[str, str]


@dataclass(frozen=True)
class Came:
    """What came of an indicator in a month: where, whose, in which tier."""

    indicator: str
    month: date
    org: str | None
    employee: str | None
    amount: Decimal
    tier: str = "none"
    line: str = "none"


@dataclass
class Figures:
    """What a bank told, and the published tables that indicators are taken from.

    Attributes:
        read: Rows of a published table.
        one: What the bank would have told had the customers who are merged had one number all along.
        merged: Who goes on, by who is merged.
        merged_from: First day of the month that tells of it.
        came: What came, one by one.
        open: Open opportunities by the day of a month, as far as asked for.
    """

    told: Told
    read: Callable[[str], list[Row]]
    one: Told | None = None
    merged: Mapping[str, str] = field(default_factory=dict)
    merged_from: date = date.max
    came: list[Came] = field(default_factory=list)
    open: dict[tuple[date, date], list[tuple[Row, str, Decimal, Decimal, date]]] = field(default_factory=dict)
    _tiers: dict[tuple[str, date], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        types = {
            row["customer_id"]: row["customer_type"] for row in self.told.rows("customer", self.told.last)
        }
        self._tiers = {
            (row["customer_id"], row["month_start_date"]): row["tier_code"]
            for row in self.read("customer_value.fct_customer_tier_monthly")
        }
        for row in self.read("customer_value.fct_customer_aum_monthly"):
            if types[row["customer_id"]] == "C":
                self._tiers[row["customer_id"], row["month_start_date"]] = "corporate"
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
                yield Came(
                    "visits",
                    month_start(counted),
                    org,
                    row["employee_id"],
                    Decimal(1),
                    self._tier(row["customer_id"], month_start(counted)),
                )
        for way in changes(self.told, self.told.last).values():
            _, counted, row = way[-1]
            if row["stage"] == "won":
                month = month_start(counted)
                org = self.told.by_key("employee", lived[month])[row["owner_id"]]["org_id"]
                yield Came(
                    "opportunities_won_amt",
                    month,
                    org,
                    row["owner_id"],
                    row["amount"],
                    self._tier(row["customer_id"], month),
                )
        for row in self.read("sales.agg_sales_performance_daily"):
            yield Came(
                "sales_amount", month_start(row["calendar_date"]), row["org_id"], row["employee_id"],
                row["credit_amt"], line=row["sales_product_code"],
            )  # fmt: skip

    def _tier(self, customer: str, month: date) -> str:
        return self._tiers.get((self._survivor(customer, month), month), "none")

    def _survivor(self, customer: str, month: date) -> str:
        return self.merged.get(customer, customer) if month >= self.merged_from else customer

    def _of_customers(self, lived: dict[date, date]) -> Iterable[Came]:
        places: dict[date, tuple[dict[str, str], dict[str, str]]] = {}
        types = {
            row["customer_id"]: row["customer_type"] for row in self.told.rows("customer", self.told.last)
        }

        def came(
            indicator: str, customer: str, month: date, amount: Decimal | int, line: str = "none"
        ) -> Came:
            if month not in places:
                day = lived.get(month, self.told.nights[0].day)
                told = self.one if self.one and month >= self.merged_from else self.told
                merged = self.merged if told is self.one else {}
                places[month] = (
                    owning_orgs(told, day),
                    managers(self.told, lived.get(month, month_end(month)), day, merged),
                )
            orgs, mine = places[month]
            customer = self._survivor(customer, month)
            return Came(
                indicator,
                month,
                orgs.get(customer),
                mine.get(customer),
                Decimal(amount),
                self._tier(customer, month),
                line,
            )

        for row in self.read("customer_value.fct_customer_aum_monthly"):
            customer, month = row["customer_id"], row["month_start_date"]
            for indicator, column in (("aum_end", "end"), ("aum_month_avg", "month_avg")):
                deposit = row[f"deposit_{column}_amt"]
                yield came(indicator, customer, month, deposit, "deposit")
                yield came(indicator, customer, month, row[f"aum_{column}_amt"] - deposit, "investment")
            yield came("deposit_month_avg", customer, month, row["deposit_month_avg_amt"], "deposit")
            if types[customer] == "C":
                yield came("corporate_deposit_avg", customer, month, row["deposit_month_avg_amt"], "deposit")
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
                line = self.told.by_key("product", day)[loans[number]["product_code"]]["product_line"]
                one = came("loan_balance", loans[number]["customer_id"], month, loan[4], line)
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
        return min(
            (month_start(counted) for _, counted, _ in counted_dates(self.told, table, column)), default=None
        )


def managers(told: Told, day: date, known: date, merged: Mapping[str, str] | None = None) -> dict[str, str]:
    """Main managers by customer on a day, assigned by hand, who are employed.

    Args:
        merged: Who goes on, by who is merged: with the own manager, else with that of who is merged.
    """
    staff = told.by_key("employee", known)
    own = {
        row["customer_id"]: row["employee_id"]
        for row in told.rows("assignment", known)
        if row["role"] == "main"
        and row["valid_from"] <= day
        and (row["valid_to"] is None or day < row["valid_to"])
    }
    passed_on = {(merged or {}).get(customer, customer): by for customer, by in own.items()}
    left = {key for key, row in staff.items() if row["left_on"] and row["left_on"] <= day}
    return {customer: by for customer, by in (passed_on | own).items() if by not in left}
