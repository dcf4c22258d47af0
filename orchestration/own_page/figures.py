"""What the page shows, read from a cut's database.

Put here: which tables and rows. Keep out: HTML (``page.py``). A table that a cut does not have is empty.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.code_names import code_names

Row = dict[str, Any]

MOST_CUSTOMERS = 500
"""Customers on a page, those with the most first: the page of a large org stays one that a phone can open."""

_CUSTOMERS = """
    select
        customer_id, customer_name, tier_code, status_code, owning_org_id, owning_org_name, employee_name,
        aum_amt, aum_month_avg_amt, aum_change_month_amt, next_tier_code, next_tier_missing_amt,
        last_contact_date, next_maturity_date, next_maturity_amt
    from customer.dim_customer_360
    where not is_closed
    order by aum_amt desc nulls last, customer_id asc nulls last
"""
_CALLS = """
    select
        warned.customer_id, warned.tier_code, warned.warning_code, warned.loss_month_date,
        warned.months_left, warned.aum_amt, warned.threshold_amt, warned.missing_amt, warned.top_up_amt,
        warned.last_contact_date, warned.org_id, warned.employee_id,
        known.customer_name, known.owning_org_name, known.employee_name
    from workbench.feed_lost_warning as warned
    left join customer.dim_customer_360 as known on warned.customer_id = known.customer_id
    order by
        warned.months_left asc nulls last, warned.top_up_amt asc nulls last,
        warned.customer_id asc nulls last
"""
_DUE = """
    select
        due.due_date, due.days_left, due.calendar_line_code, due.amount_amt, due.customer_id,
        known.customer_name, known.employee_name
    from workbench.feed_calendar as due
    left join customer.dim_customer_360 as known on due.customer_id = known.customer_id
    where due.calendar_line_code in ('maturity', 'instalment', 'card_expiry')
    order by
        due.due_date asc nulls last, due.amount_amt desc nulls last, due.customer_id asc nulls last,
        due.line_id asc nulls last
"""
_DISPUTES = """
    select registration_id, trade_id, customer_id, sales_product_code, trade_date, employee_id,
        credited_employee_id, claimed_ratio, currency_code, trade_amt, age_days
    from sales.rpt_sales_dispute
    order by age_days desc nulls last, registration_id asc nulls last
"""
_RANKS = """
    select ranked.employee_id, ranked.sales_product_code, ranked.sales_cnt, ranked.credit_amt,
        ranked.rank_number, ranked.rank_in_org_number, known.employee_name
    from workbench.feed_ranking as ranked
    left join reference.dim_employee as known on ranked.employee_id = known.employee_id
    order by
        ranked.sales_product_code = 'all' desc, ranked.sales_product_code asc nulls last,
        ranked.rank_number asc nulls last, ranked.employee_id asc nulls last
"""


@dataclass(frozen=True)
class Own:
    """What one manager or org has.

    Attributes:
        name: Of the manager or org; empty where the cut does not tell it.
        customers: The first ``MOST_CUSTOMERS``; the counts and sums are of all.
        names: Chinese name of a code, by kind and code.
    """

    kind: str
    number: str
    name: str
    business_date: date
    release: str
    currency: str
    customer_cnt: int
    aum_amt: Decimal
    customers: list[Row]
    calls: list[Row]
    due: list[Row]
    disputes: list[Row]
    ranks: list[Row]
    names: dict[tuple[str, str], str]


def collect(connection: duckdb.DuckDBPyConnection, kind: str, number: str) -> Own:
    """Read a cut.

    Args:
        connection: The cut's database, to read only.
        kind: ``rm`` or ``org``.
        number: Number of the manager or of the org.
    """
    there = {
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
        ).fetchall()
    }

    def rows(sql: str, *needed: str, given: dict[str, str] | None = None) -> list[Row]:
        if not there.issuperset(needed):
            return []
        cursor = connection.execute(sql, given)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    as_of = rows("select release, business_date, reporting_currency from quality.data_as_of")[0]
    everybody = "customer.dim_customer_360"
    customers = rows(_CUSTOMERS, everybody)
    if kind == "rm":
        known = rows(
            "select employee_name as name from reference.dim_employee where employee_id = $number",
            "reference.dim_employee",
            given={"number": number},
        )
    else:
        known = rows(
            "select org_name as name from reference.dim_org where org_id = $number",
            "reference.dim_org",
            given={"number": number},
        )
    return Own(
        kind=kind,
        number=number,
        name=known[0]["name"] if known else "",
        business_date=as_of["business_date"],
        release=as_of["release"],
        currency=as_of["reporting_currency"],
        customer_cnt=len(customers),
        aum_amt=sum((row["aum_amt"] or Decimal(0) for row in customers), Decimal(0)),
        customers=customers[:MOST_CUSTOMERS],
        calls=rows(_CALLS, "workbench.feed_lost_warning", everybody),
        due=rows(_DUE, "workbench.feed_calendar", everybody),
        disputes=rows(_DISPUTES, "sales.rpt_sales_dispute"),
        ranks=rows(_RANKS, "workbench.feed_ranking", "reference.dim_employee"),
        names={key: name.zh for key, name in code_names().items()},
    )
