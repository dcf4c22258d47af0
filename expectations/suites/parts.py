"""Gate 2: what the parts, days and orgs of customers' AUM have to add up to, on what tonight wrote."""

from collections.abc import Sequence
from datetime import date

import duckdb

from expectations.check import Check, FailingRows, Suite
from expectations.suites.marts import (
    AUM,
    MARTS,
    TIER,
    customer_months,
    months_in,
    no_later_month,
    side_by_side,
)
from orchestration.sql import Sql, fill, join, name, value

PART = "fct_customer_aum_part_monthly"
ORG_ROLE = "fct_customer_org_role"
DAILY = "fct_customer_aum_daily"
_PART_MEASURES = (
    "aum_end_amt",
    "aum_month_avg_amt",
    "aum_month_avg_30_amt",
    "aum_quarter_avg_amt",
    "aum_year_avg_amt",
)


_ORG_TOTAL = name("temp", "org_total")


def collect_orgs(connection: duckdb.DuckDBPyConnection, months_rebuilt: Sequence[date]) -> None:
    """Add up each customer's orgs once, for all checks that ask for them."""
    connection.execute(
        fill(
            """
            create or replace temp table org_total as
            select
                customer_id, month_start_date, count(*) as org_cnt,
                count(*) filter (where role_code = 'main') as main_cnt,
                sum(deposit_end_amt) as deposit_end_amt, sum(investment_end_amt) as investment_end_amt
            from {roles}
            where {months}
            group by customer_id, month_start_date
            """,
            roles=name(MARTS, ORG_ROLE),
            months=months_in(months_rebuilt),
        )
    )


def part_suites(business_date: date, months_rebuilt: Sequence[date]) -> list[Suite]:
    """Suites over the parts, org roles and days written tonight."""
    open_month = business_date.replace(day=1)
    months = months_in(months_rebuilt)
    return [
        Suite(
            MARTS,
            PART,
            [
                no_later_month(PART, open_month),
                parts_are_the_total(months),
            ],
        ),
        Suite(
            MARTS,
            ORG_ROLE,
            [
                no_later_month(ORG_ROLE, open_month),
                one_main_org(),
                orgs_are_the_total(months),
            ],
        ),
        Suite(
            MARTS,
            DAILY,
            [
                last_day_is_the_month(business_date),
            ],
        ),
    ]


def parts_are_the_total(months: Sql) -> Check:
    """Parts by class and org add to the customer's AUM, on the last day and on every average."""
    off = join(
        " or ",
        (
            fill("coalesce(parts.{measure}, 0) <> aum.{measure}", measure=name(measure))
            for measure in _PART_MEASURES
        ),
    )
    return FailingRows(
        check_code="parts_not_total",
        table=PART,
        unit="customer months",
        query=fill(
            "select count(*), count(*) filter (where aum.customer_id is null or {off}) from {both}",
            off=off,
            both=side_by_side(
                customer_months(AUM, months, *map(name, _PART_MEASURES), grouped=False),
                "aum",
                customer_months(PART, months, *map(_sum, _PART_MEASURES)),
                "parts",
            ),
        ),
    )


def one_main_org() -> Check:
    """Every customer with orgs has one main org."""
    return FailingRows(
        check_code="main_org_not_one",
        table=ORG_ROLE,
        unit="customer months",
        query=fill("select count(*), count(*) filter (where main_cnt <> 1) from {totals}", totals=_ORG_TOTAL),
    )


def orgs_are_the_total(months: Sql) -> Check:
    """Deposits and investments of the orgs add to the customer's AUM, in the months that have orgs."""
    recorded = fill(
        "{months} and month_start_date >= (select min(month_start_date) from {roles})",
        months=months,
        roles=name(MARTS, ORG_ROLE),
    )
    return FailingRows(
        check_code="parts_not_total",
        table=ORG_ROLE,
        unit="customer months",
        query=fill(
            """
            select count(*), count(*) filter (
                where aum.aum_end_amt is distinct from orgs.deposit_end_amt + orgs.investment_end_amt
            )
            from {both}
            """,
            both=side_by_side(
                customer_months(AUM, recorded, name("aum_end_amt"), grouped=False),
                "aum",
                fill("select * from {totals}", totals=_ORG_TOTAL),
                "orgs",
            ),
        ),
    )


def last_day_is_the_month(business_date: date) -> Check:
    """Customers above ordinary, and no others, have tonight as a day, worth what the running month says."""
    return FailingRows(
        check_code="daily_aum_off",
        table=DAILY,
        query=fill(
            """
            select count(*), count(*) filter (where days.aum_end_amt is distinct from tiered.aum_end_amt)
            from (select customer_id, aum_end_amt from {days} where calendar_date = {night}) as days
            full outer join (
                select aum.customer_id, aum.aum_end_amt
                from {aum} as aum
                inner join {tiers} as tiers
                    on aum.customer_id = tiers.customer_id and aum.month_start_date = tiers.month_start_date
                where
                    aum.month_start_date = {month}
                    and tiers.month_start_date = {month}
                    and tiers.tier_rank > 0
            ) as tiered
                on days.customer_id = tiered.customer_id
            """,
            days=name(MARTS, DAILY),
            night=value(business_date),
            aum=name(MARTS, AUM),
            tiers=name(MARTS, TIER),
            month=value(business_date.replace(day=1)),
        ),
    )


def _sum(measure: str) -> Sql:
    return fill("sum({measure}) as {measure}", measure=name(measure))
