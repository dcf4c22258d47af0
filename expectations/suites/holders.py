"""Gate 2: holdings add to what customers have and owe, and product figures count each holder once."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from expectations.check import Check, FailingRows, Suite
from expectations.suites.marts import months_in
from orchestration.check_rules import rule_for
from orchestration.sql import Sql, fill, join, name, value

MARTS = "customer"
HOLDING = "fct_customer_holding"
CROSS_SELL = "rpt_cross_sell_monthly"
PENETRATION = "rpt_product_penetration_monthly"

_CUSTOMER = name("intermediate", "int_holding__customer")
LINES = ("line_0", "line_1", "line_2", "line_3", "line_4_plus")


def holder_suites(business_date: date, months_rebuilt: Sequence[date]) -> list[Suite]:
    """Suites over tonight's holdings, and the product figures of the months written tonight."""
    months = months_in(months_rebuilt)
    return [
        Suite(MARTS, HOLDING, [holdings_are_the_assets(), holdings_are_the_debts()]),
        Suite(MARTS, CROSS_SELL, [lines_add_to_the_active(months), active_are_counted_once(business_date)]),
        Suite(MARTS, PENETRATION, [holders_come_and_go(months), holders_are_counted_once(business_date)]),
    ]


def holdings_are_the_assets() -> Check:
    """Every customer's deposits and investments add to the assets of the day."""
    return _holdings_add("holdings_not_conserved", (("asset_amt", "total_assets_amt"),))


def holdings_are_the_debts() -> Check:
    """Every customer's loans and cards add to what is owed tonight.

    A balance that was refused tonight is held as it was the night before, and owed by nobody: a warning.
    """
    return _holdings_add("debts_not_conserved", (("loan_amt", "loan_amt"), ("card_amt", "card_debt_amt")))


def _holdings_add(check_code: str, pairs: Sequence[tuple[str, str]]) -> Check:
    """Holdings are rounded one by one, assets once for each customer: half a cent may lie in each account."""
    rule = rule_for(check_code, HOLDING)
    off = (
        fill(
            "abs(coalesce(held.{held}, 0) - coalesce(assets.{kept}, 0))"
            " > {limit} * (coalesce(held.account_cnt, 0) + 1)",
            held=name(held),
            kept=name(kept),
            limit=value(rule.limit_amt or Decimal(0)),
        )
        for held, kept in pairs
    )
    return FailingRows(
        check_code=check_code,
        table=HOLDING,
        column="balance_amt",
        unit="customers",
        query=fill(
            """
            select count(*), count(*) filter (where {off})
            from (
                select customer_id, sum(account_cnt) as account_cnt,
                    sum(case when holding_code in ('deposit', 'investment') then balance_amt else 0 end)
                        as asset_amt,
                    sum(case when holding_code = 'loan' then balance_amt else 0 end) as loan_amt,
                    sum(case when holding_code = 'card' then balance_amt else 0 end) as card_amt
                from {holding} group by customer_id
            ) as held
            full outer join monitoring.fct_customer_assets as assets on held.customer_id = assets.customer_id
            """,
            holding=name(MARTS, HOLDING),
            off=join(" or ", off),
        ),
    )


def lines_add_to_the_active(months: Sql) -> Check:
    """Customers by the number of their lines add to the active ones."""
    return FailingRows(
        check_code="holders_not_conserved",
        table=CROSS_SELL,
        query=fill(
            "select count(*), count(*) filter (where {lines} <> active_customer_cnt)"
            " from {rows} where {months}",
            lines=join(" + ", (name(f"{lines}_customer_cnt") for lines in LINES)),
            rows=name(MARTS, CROSS_SELL),
            months=months,
        ),
    )


def active_are_counted_once(business_date: date) -> Check:
    """Orgs and tiers add to the active customers of the running month and to the lines that they hold."""
    return FailingRows(
        check_code="holders_not_conserved",
        table=CROSS_SELL,
        column="active_customer_cnt",
        unit="total",
        query=fill(
            """
            select 1, cast(rows is distinct from customers as integer)
            from (
                select coalesce(sum(active_customer_cnt), 0) as customer_cnt,
                    coalesce(sum(held_line_cnt), 0) as line_cnt
                from {cross_sell} where month_start_date = {month}
            ) as rows
            cross join (
                select count(*) as customer_cnt, coalesce(sum(held_line_cnt), 0) as line_cnt
                from {customer}
                where business_date = {day} and month_start_date = {month} and is_active
            ) as customers
            """,
            cross_sell=name(MARTS, CROSS_SELL),
            customer=_CUSTOMER,
            day=value(business_date),
            month=value(business_date.replace(day=1)),
        ),
    )


def holders_come_and_go(months: Sql) -> Check:
    """Who held a line, came to it, came back and left it are those who hold it."""
    return FailingRows(
        check_code="holders_not_conserved",
        table=PENETRATION,
        query=fill(
            """
            select count(*), count(*) filter (
                where opening_holder_cnt + new_holder_cnt + won_back_cnt - lost_holder_cnt <> holder_cnt
            )
            from {rows} where {months}
            """,
            rows=name(MARTS, PENETRATION),
            months=months,
        ),
    )


def holders_are_counted_once(business_date: date) -> Check:
    """Tiers of a line add to the customers who hold the line tonight."""
    return FailingRows(
        check_code="holders_not_conserved",
        table=PENETRATION,
        column="holder_cnt",
        unit="product lines",
        query=fill(
            """
            select count(*), count(*) filter (
                where coalesce(rows.holder_cnt, 0) <> coalesce(held.holder_cnt, 0)
            )
            from (
                select product_line_code, sum(holder_cnt) as holder_cnt
                from {penetration} where month_start_date = {month} group by product_line_code
            ) as rows
            full outer join (
                select product_line_code, count(distinct customer_id) as holder_cnt
                from {holding} group by product_line_code
            ) as held on rows.product_line_code = held.product_line_code
            """,
            penetration=name(MARTS, PENETRATION),
            holding=name(MARTS, HOLDING),
            month=value(business_date.replace(day=1)),
        ),
    )
