"""What a customer contributed in a month, by the current release: totals, and the lines behind them."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import TypeVar

import duckdb

from orchestration.errors import NotFoundError
from orchestration.releases.on_disk import open_current
from orchestration.settings import Settings
from orchestration.sql import fill, join, name

Row = TypeVar("Row")


@dataclass(frozen=True)
class Total:
    """A row of ``fct_customer_contribution_monthly``."""

    month_start_date: date
    deposit_nii_amt: Decimal
    loan_nii_amt: Decimal
    fee_income_amt: Decimal
    direct_cost_amt: Decimal
    allocated_cost_amt: Decimal
    expected_loss_amt: Decimal
    contribution_amt: Decimal
    capital_charge_amt: Decimal
    eva_amt: Decimal
    contribution_avg_3m_amt: Decimal | None
    contribution_avg_12m_amt: Decimal | None
    months_12m_cnt: int
    contribution_status_code: str
    is_cost_centre: bool
    is_provisional: bool
    is_partial_month: bool


@dataclass(frozen=True)
class Line:
    """A row of ``fct_account_contribution_monthly``: the whole line, of a joint account too.

    Attributes:
        held_days: Days at the row's org, of ``open_days`` at all; None where one org kept it.
    """

    account_id: str
    product_code: str
    org_id: str
    source_code: str
    average_balance_amt: Decimal
    customer_rate: Decimal | None
    ftp_rate: Decimal | None
    day_count: int | None
    balance_days: int
    recorded_days: int
    held_days: int | None
    open_days: int | None
    customer_interest_amt: Decimal
    deposit_nii_amt: Decimal
    loan_nii_amt: Decimal
    fee_income_amt: Decimal
    direct_cost_amt: Decimal
    allocated_cost_amt: Decimal
    expected_loss_amt: Decimal
    contribution_amt: Decimal
    capital_charge_amt: Decimal
    reserve_cost_amt: Decimal
    tax_amt: Decimal
    pd_rate: Decimal | None
    lgd_rate: Decimal | None
    ead_amt: Decimal | None
    capital_rate: Decimal | None
    is_rate_assumed: bool


@dataclass(frozen=True)
class Cost:
    """A row of ``fct_cost_allocation_monthly``, with what the pool allocates."""

    account_id: str
    product_code: str
    org_id: str
    cost_pool_id: str
    pool_org_id: str
    driver_code: str
    driver_count: Decimal
    driver_total: Decimal
    cost_amt: Decimal
    counted_amt: Decimal

    def is_of(self, line: Line) -> bool:
        """Whether the line bears it."""
        return (self.account_id, self.product_code, self.org_id) == (
            line.account_id,
            line.product_code,
            line.org_id,
        )


@dataclass(frozen=True)
class Change:
    """A row of ``rpt_contribution_change``."""

    previous_contribution_amt: Decimal
    volume_amt: Decimal
    rate_amt: Decimal
    mix_amt: Decimal
    new_closed_amt: Decimal
    total_amt: Decimal


@dataclass(frozen=True)
class Statement:
    """One customer in one month.

    Attributes:
        months_3m_cnt: Months of this one and the two before it that exist: their average is told.
        lines: Lines of which the customer is the holder; a joint account held by another has none here.
        costs: What each of them bears of each cost pool.
        hurdle_rate: What capital has to earn in a year.
        change: Against the month before; none in the ledger's first month.
    """

    customer_id: str
    release: str
    business_date: date
    currency: str
    total: Total
    months_3m_cnt: int
    lines: list[Line]
    costs: list[Cost]
    hurdle_rate: Decimal
    change: Change | None


def read_statement(settings: Settings, customer_id: str, month: date | None = None) -> Statement:
    """Read a customer's contribution.

    Args:
        month: First day of the month; by default the last one with contribution.

    Raises:
        NotFoundError: The release has no contribution of the customer for the month.
        PublicationError: Nothing is published.
    """
    with open_current(settings) as connection:
        release, business_date, currency = connection.execute(
            "select release, business_date, reporting_currency from quality.data_as_of"
        ).fetchone() or ("", date.min, "")
        totals = _rows(
            connection, Total, "fct_customer_contribution_monthly", customer_id, "month_start_date"
        )
        wanted = [total for total in totals if month in (None, total.month_start_date)]
        if not wanted:
            raise NotFoundError(_missing(release, [total.month_start_date for total in totals]))
        total = wanted[-1]
        changes = _rows(
            connection,
            Change,
            "rpt_contribution_change",
            customer_id,
            "month_start_date",
            total.month_start_date,
        )
        (hurdle_rate,) = connection.execute(
            "select hurdle_rate from rules.contribution_rules where valid_from_month <= $month"
            " and (valid_to_month is null or valid_to_month >= $month)",
            {"month": total.month_start_date},
        ).fetchone() or (Decimal(0),)
        return Statement(
            customer_id=customer_id,
            release=release,
            business_date=business_date,
            currency=currency,
            total=total,
            months_3m_cnt=sum(0 <= _months_before(total, other) <= 2 for other in totals),
            lines=_rows(
                connection,
                Line,
                "fct_account_contribution_monthly",
                customer_id,
                "source_code, account_id, product_code, org_id",
                total.month_start_date,
            ),
            costs=_costs(connection, customer_id, total.month_start_date),
            hurdle_rate=hurdle_rate,
            change=changes[0] if changes else None,
        )


def _rows(
    connection: duckdb.DuckDBPyConnection,
    kind: type[Row],
    table: str,
    customer_id: str,
    order: str,
    month: date | None = None,
) -> list[Row]:
    columns = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    query = fill(
        "select {columns} from {table} where customer_id = $customer"
        " and ($month::date is null or month_start_date = $month) order by {order}",
        columns=join(", ", map(name, columns)),
        table=name("contribution", table),
        order=join(", ", map(name, order.split(", "))),
    )
    found = connection.execute(query, {"customer": customer_id, "month": month}).fetchall()
    return [kind(*row) for row in found]


def _costs(connection: duckdb.DuckDBPyConnection, customer_id: str, month: date) -> list[Cost]:
    found = connection.execute(
        """
        select costs.account_id, costs.product_code, costs.org_id, costs.cost_pool_id, costs.pool_org_id,
            costs.driver_code, costs.driver_count, costs.driver_total, costs.cost_amt, pools.counted_amt
        from contribution.fct_cost_allocation_monthly as costs
        semi join (
            select account_id, product_code, org_id
            from contribution.fct_account_contribution_monthly
            where customer_id = $customer and month_start_date = $month
        ) as lines using (account_id, product_code, org_id)
        inner join contribution.fct_cost_pool_monthly as pools
            on costs.cost_pool_id = pools.cost_pool_id and costs.pool_org_id = pools.org_id
            and costs.cost_month_date = pools.cost_month_date and costs.bearing_org_id = pools.bearing_org_id
            and costs.month_start_date = pools.month_start_date
        where costs.month_start_date = $month
        order by costs.cost_pool_id, costs.pool_org_id, costs.cost_month_date, costs.bearing_org_id
        """,
        {"customer": customer_id, "month": month},
    ).fetchall()
    return [Cost(*row) for row in found]


def _months_before(total: Total, other: Total) -> int:
    month, earlier = total.month_start_date, other.month_start_date
    return (month.year - earlier.year) * 12 + month.month - earlier.month


def _missing(release: str, months: list[date]) -> str:
    if not months:
        return f"Release {release} has no contribution of such a customer. Check the number."
    listed = ", ".join(f"{month:%Y-%m}" for month in months[-12:])
    return f"Release {release} has no contribution of the customer for that month; there is of {listed}."
