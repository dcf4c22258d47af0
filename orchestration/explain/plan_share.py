"""What a customer brings of an org's plans: the customer's figure by the indicator's own table and column.

An indicator that is no sum of amounts of customers (a count, sales of employees, opportunities) has no share.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orchestration.explain.reading import Reading
from orchestration.sql import fill, name


@dataclass(frozen=True)
class Plan:
    """A row of ``fct_plan_actual``, of the version that counts."""

    indicator_code: str
    period: str
    period_start_date: date
    target: Decimal
    actual: Decimal | None
    attainment_rate: Decimal | None
    status: str | None


@dataclass(frozen=True)
class Indicator:
    """A row of ``plan_indicators``."""

    indicator_code: str
    indicator_name_zh: str
    unit_code: str
    source_table: str
    source_column: str
    kind_code: str


@dataclass(frozen=True)
class PlanShare:
    """A plan, and the customer's part of what came.

    Attributes:
        customer_amt: The customer's figure; None where no table tells it.
        share: Part of the actual; None without either, and of an actual of 0.
    """

    org_id: str
    plan: Plan
    customer_amt: Decimal | None
    share: Decimal | None


# what the build reads from a table that is not published, by month and customer in one that is
_PUBLISHED = {
    ("intermediate.int_customer__debt_month", "balance_amt"): (
        "corporate.fct_corporate_segment_monthly",
        "loan_amt",
    )
}


def plan_shares(release: Reading, customer_id: str, org_id: str, month: date) -> list[PlanShare]:
    """Plans of the nearest org from ``org_id`` up that has any in the month, with the customer's share."""
    indicators = {
        row.indicator_code: row
        for row in release.rows(Indicator, "rules.plan_indicators", "true", "indicator_code")
    }
    seen: list[str] = []
    above: str | None = org_id
    while above is not None and above not in seen:
        seen.append(above)
        plans = release.rows(
            Plan,
            "corporate.fct_plan_actual",
            "scope_type = 'org' and scope_id = $org and month_start_date = $month and is_current_version",
            "indicator_code, period_start_date, period",
            org=above,
            month=month,
        )
        if plans:
            return [
                _share(release, customer_id, above, plan, indicators.get(plan.indicator_code), month)
                for plan in plans
            ]
        parents = release.raw("reference.dim_org", ("parent_org_id",), "org_id = $org", "org_id", org=above)
        above = parents[0][0] if parents else None
    return []


def _share(
    release: Reading, customer_id: str, org_id: str, plan: Plan, indicator: Indicator | None, month: date
) -> PlanShare:
    amount = None if indicator is None else _figure(release, customer_id, plan, indicator, month)
    share = amount / plan.actual if amount is not None and plan.actual else None
    return PlanShare(org_id, plan, amount, share)


def _figure(
    release: Reading, customer_id: str, plan: Plan, indicator: Indicator, month: date
) -> Decimal | None:
    source = (indicator.source_table, indicator.source_column)
    table, column = _PUBLISHED.get(source, source)
    if indicator.unit_code != "amount" or not _is_by_month(release, table, column):
        return None
    first = plan.period_start_date if indicator.kind_code == "flow" else month
    query = fill(
        "select sum({column}) from {table} where customer_id = $customer"
        " and month_start_date >= $first and month_start_date <= $month",
        column=name(column),
        table=name(*table.split(".")),
    )
    (amount,) = release.connection.execute(
        query, {"customer": customer_id, "first": first, "month": month}
    ).fetchone() or (None,)
    return None if amount is None else Decimal(amount)


def _is_by_month(release: Reading, table: str, column: str) -> bool:
    """Whether the release has the table, and in it the column by customer and month."""
    schema, _, table_name = table.partition(".")
    (found,) = release.connection.execute(
        "select count(*) from duckdb_columns() where schema_name = $schema and table_name = $table"
        " and column_name in ('customer_id', 'month_start_date', $column)",
        {"schema": schema, "table": table_name, "column": column},
    ).fetchone() or (0,)
    return bool(found == 3)
