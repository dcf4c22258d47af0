"""Gate 2: the AUM bridge leads from each opening to its closing; assets of the day are the month's."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from expectations.check import Check, FailingRows, Suite, exact
from expectations.suites.marts import AUM, months_in
from expectations.suites.marts import MARTS as CUSTOMER_VALUE
from expectations.suites.merged import merged_at_month_ends
from orchestration.bridge import PARTS
from orchestration.check_rules import rule_for
from orchestration.sql import Sql, fill, join, name, value

MARTS = "monitoring"
BRIDGE = "fct_aum_bridge_monthly"
TOTAL = "agg_aum_bridge_monthly"
ASSETS = "fct_customer_assets"
LOG = "int_account__transaction"
_SUMMED = ("opening_amt", *PARTS, "closing_amt", "net_new_money_amt", "nnm_indirect_amt")


def bridge_suites(business_date: date, months_rebuilt: Sequence[date]) -> list[Suite]:
    """Suites over the bridge of the months written tonight, tonight's transfers and the assets of the day."""
    months = months_in(months_rebuilt)
    return [
        Suite(
            MARTS,
            BRIDGE,
            [parts_lead_to_the_closing(months), closing_is_the_aum(months), opening_is_the_closing(months)],
        ),
        Suite(MARTS, TOTAL, [totals_are_the_customers(months), little_is_unexplained(months)]),
        Suite("intermediate", LOG, [transfers_have_two_legs()]),
        Suite(MARTS, ASSETS, [assets_are_the_month(business_date)]),
    ]


def parts_lead_to_the_closing(months: Sql) -> Check:
    """Opening and parts add to the closing; both figures of net new money differ by the unexplained."""
    return FailingRows(
        check_code="bridge_not_conserved",
        table=BRIDGE,
        query=fill(
            """
            select count(*), count(*) filter (
                where opening_amt + {parts} <> closing_amt
                or nnm_indirect_amt - net_new_money_amt <> unexplained_amt
            )
            from {bridge} where {months}
            """,
            parts=join(" + ", map(name, PARTS)),
            bridge=name(MARTS, BRIDGE),
            months=months,
        ),
    )


def closing_is_the_aum(months: Sql) -> Check:
    """Every customer's closing is the AUM that the month ends with."""
    return FailingRows(
        check_code="bridge_not_conserved",
        table=BRIDGE,
        column="closing_amt",
        unit="customer months",
        query=_side_by_side(
            fill(
                "select customer_id, month_start_date, closing_amt as amt from {bridge} where {months}",
                bridge=name(MARTS, BRIDGE),
                months=months,
            ),
            fill(
                "select customer_id, month_start_date, aum_end_amt as amt from {aum}"
                " where {months} and month_start_date >= (select min(month_start_date) from {bridge})",
                aum=name(CUSTOMER_VALUE, AUM),
                months=months,
                bridge=name(MARTS, BRIDGE),
            ),
        ),
    )


def opening_is_the_closing(months: Sql) -> Check:
    """Every customer opens a month with what the month before closed with, from the second month on.

    What customers who are merged tonight had comes into tonight's month as ``scope`` of the one who goes on;
    so did, in a month that is closed tonight, what those had who were merged in it.
    """
    merged_then = fill(
        "(month_start_date < (select max(month_start_date) from {bridge}) and (customer_id, month_start_date)"
        " in (select customer_id, month_start_date from {merged}))",
        bridge=name(MARTS, BRIDGE),
        merged=merged_at_month_ends(name(MARTS, BRIDGE), months),
    )
    merged = fill(
        "((month_start_date = (select max(month_start_date) from {bridge})"
        " and customer_id in (select customer_id from {merged})) or {merged_then})",
        bridge=name(MARTS, BRIDGE),
        merged=name("intermediate", "int_customer__survivor"),
        merged_then=merged_then,
    )
    return FailingRows(
        check_code="bridge_not_continued",
        table=BRIDGE,
        column="opening_amt",
        unit="customer months",
        query=_side_by_side(
            fill(
                "select customer_id, month_start_date, opening_amt as amt from {bridge}"
                " where {months} and month_start_date > (select min(month_start_date) from {bridge})",
                bridge=name(MARTS, BRIDGE),
                months=months,
            ),
            fill(
                "select * from (select customer_id,"
                " cast(month_start_date + interval 1 month as date) as month_start_date,"
                " closing_amt as amt from {bridge}"
                " where cast(month_start_date + interval 1 month as date) in"
                " (select month_start_date from {bridge} where {months})) where not {merged}",
                bridge=name(MARTS, BRIDGE),
                months=months,
                merged=merged,
            ),
        ),
    )


def totals_are_the_customers(months: Sql) -> Check:
    """Orgs and tiers add to the customers, measure by measure and month by month."""
    sums = join(", ", (fill("sum({amount}) as {amount}", amount=name(amount)) for amount in _SUMMED))
    off = join(
        " or ",
        (fill("totals.{amount} is distinct from ours.{amount}", amount=name(amount)) for amount in _SUMMED),
    )
    return FailingRows(
        check_code="bridge_not_conserved",
        table=TOTAL,
        unit="months",
        query=fill(
            """
            select count(*), count(*) filter (
                where totals.customer_cnt is distinct from ours.customer_cnt or {off}
            )
            from (
                select month_start_date, sum(customer_cnt) as customer_cnt, {sums}
                from {total} where {months} group by month_start_date
            ) as totals
            full outer join (
                select month_start_date, count(*) as customer_cnt, {sums}
                from {bridge} where {months} group by month_start_date
            ) as ours on totals.month_start_date = ours.month_start_date
            """,
            off=off,
            sums=sums,
            total=name(MARTS, TOTAL),
            bridge=name(MARTS, BRIDGE),
            months=months,
        ),
    )


def little_is_unexplained(months: Sql) -> Check:
    """What no part explains is a small share of the opening, in the bank and in each org.

    A bank that delivers no transactions has nothing explained, and is not told so every night.
    """
    rule = rule_for("bridge_unexplained", TOTAL)
    return FailingRows(
        check_code="bridge_unexplained",
        table=TOTAL,
        column="unexplained_amt",
        unit="totals",
        query=fill(
            """
            select count(*), count(*) filter (where abs(unexplained_amt) > opening_amt * {share})
            from (
                select month_start_date, org_id, sum(unexplained_amt) as unexplained_amt,
                    sum(opening_amt) as opening_amt
                from {total}
                where {months} and exists (from {log})
                group by grouping sets ((month_start_date, org_id), (month_start_date))
            )
            """,
            share=value(exact(rule.limit)),
            total=name(MARTS, TOTAL),
            months=months,
            log=name("intermediate", LOG),
        ),
    )


def transfers_have_two_legs() -> Check:
    """Transfers in the bank to a customer who is named add to nothing over the whole bank."""
    rule = rule_for("transfer_one_leg", "transaction")
    return FailingRows(
        check_code="transfer_one_leg",
        table="transaction",
        unit="transfers",
        query=fill(
            """
            select
                count(*),
                case when abs(coalesce(sum(signed_ccy_amt * mid_rate), 0)) > {limit} then 1 else 0 end
            from (
                select log.signed_ccy_amt, cast(rates.mid_rate as decimal(18, 8)) as mid_rate
                from {log} as log
                cross join pipeline.tonight as tonight
                inner join intermediate.int_fx__rate_by_day as rates
                    on log.currency_code = rates.currency_code and rates.calendar_date = tonight.business_date
                where
                    log.flow_code in ('own_transfer', 'bank_transfer')
                    and log.is_in_bank
                    and log.counter_customer_id is not null
                    -- also what a month was closed with: the night's batch brought it
                    and log.business_date >= coalesce(tonight.previous_business_date, date '1900-01-01')
                    and log.told_date = tonight.business_date
            )
            """,
            limit=value(rule.limit_amt or Decimal(0)),
            log=name("intermediate", LOG),
        ),
    )


def assets_are_the_month(business_date: date) -> Check:
    """Every customer's AUM of the day is that of the running month."""
    return FailingRows(
        check_code="assets_not_conserved",
        table=ASSETS,
        column="aum_amt",
        unit="customers",
        query=_side_by_side(
            fill(
                "select customer_id, {month} as month_start_date, aum_amt as amt from {assets}",
                assets=name(MARTS, ASSETS),
                month=value(business_date.replace(day=1)),
            ),
            fill(
                "select customer_id, month_start_date, aum_end_amt as amt from {aum}"
                " where month_start_date = {month}",
                aum=name(CUSTOMER_VALUE, AUM),
                month=value(business_date.replace(day=1)),
            ),
        ),
    )


def _side_by_side(ours: Sql, theirs: Sql) -> Sql:
    """Customers and months, and how many of them have another amount here than there; none is 0."""
    return fill(
        """
        select count(*), count(*) filter (where coalesce(ours.amt, 0) <> coalesce(theirs.amt, 0))
        from ({ours}) as ours
        full outer join ({theirs}) as theirs
            on ours.customer_id = theirs.customer_id and ours.month_start_date = theirs.month_start_date
        """,
        ours=ours,
        theirs=theirs,
    )
