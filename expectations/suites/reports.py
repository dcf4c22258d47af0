"""Gate 2: reports count every customer of the marts that they are made from once, on tonight's months."""

from collections.abc import Sequence
from datetime import date, timedelta

from expectations.check import Check, FailingRows, Suite
from expectations.suites.marts import MARTS, TIER, months_in
from orchestration.sql import Sql, fill, name, value

BANDS = "rpt_balance_band"
AT_RISK = "rpt_attention_lost_by_manager"
QUALIFIED = "rpt_private_bank_qualified"
NEW = "rpt_private_bank_new"
LOST = "rpt_private_bank_lost"
STOCK_LOSS = "rpt_private_bank_stock_loss"
BALANCES = "rpt_private_bank_balance_detail"

_NOT_CONSERVED = "report_not_conserved"
_TIERS = name(MARTS, TIER)
_AUM = name(MARTS, "fct_customer_aum_monthly")


def report_suites(business_date: date, months_rebuilt: Sequence[date]) -> list[Suite]:
    """Suites over the reports of tiers and of private banking of the months written tonight."""
    months = months_in(months_rebuilt)
    return [
        Suite(MARTS, BANDS, [bands_hold_everybody(months)]),
        Suite(MARTS, AT_RISK, [at_risk_are_those_of_the_tiers(months_rebuilt)]),
        Suite(MARTS, QUALIFIED, [private_bank_is_the_tiers(months)]),
        Suite(MARTS, NEW, [private_bank_comes_and_goes(months)]),
        Suite(MARTS, BALANCES, [private_bank_products_are_the_aum(business_date)]),
    ]


def bands_hold_everybody(months: Sql) -> Check:
    """The bands of every scheme hold all personal customers and all their AUM; shares add to exactly 1."""
    return FailingRows(
        check_code=_NOT_CONSERVED,
        table=BANDS,
        unit="months of a scheme",
        query=fill(
            """
            select count(*), count(*) filter (
                where schemes.customer_cnt <> coalesce(customers.customer_cnt, 0)
                or schemes.aum_amt <> coalesce(customers.aum_amt, 0)
                or schemes.customer_share <> 1
                or schemes.aum_share <> 1
            )
            from (
                select month_start_date, scheme_code, sum(customer_cnt) as customer_cnt,
                    sum(aum_amt) as aum_amt, sum(customer_share) as customer_share,
                    sum(aum_share) as aum_share
                from {bands} where {months} group by month_start_date, scheme_code
            ) as schemes
            left join (
                select tiers.month_start_date, count(*) as customer_cnt,
                    coalesce(sum(aum.aum_end_amt), 0) as aum_amt
                from (select customer_id, month_start_date from {tiers} where {months}) as tiers
                left join {aum} as aum
                    on tiers.customer_id = aum.customer_id and tiers.month_start_date = aum.month_start_date
                group by tiers.month_start_date
            ) as customers on schemes.month_start_date = customers.month_start_date
            """,
            bands=name(MARTS, BANDS),
            tiers=_TIERS,
            aum=_AUM,
            months=months,
        ),
    )


def at_risk_are_those_of_the_tiers(months_rebuilt: Sequence[date]) -> Check:
    """Customers at attention or lost are those of the tiers, by org, status and tier.

    Who lost a tier and closes is counted under ``closed``, in that month.
    """
    return FailingRows(
        check_code=_NOT_CONSERVED,
        table=AT_RISK,
        column="customer_cnt",
        unit="tiers of an org",
        query=fill(
            """
            with tiers as (
                select tiers.*, coalesce(before.is_closed, false) as is_closed_before
                from (
                    select * from {tiers}
                    where {months} and (status_code = 'attention' or lost_tier_code is not null)
                ) as tiers
                left join (
                    select customer_id, is_closed, month_start_date from {tiers} where {months_before}
                ) as before
                    on tiers.customer_id = before.customer_id
                    and tiers.month_start_date = cast(before.month_start_date + interval 1 month as date)
            ),
            customers as (
                select month_start_date, owning_org_id as org_id, 'attention' as status_code, tier_code
                from tiers where status_code = 'attention' and not is_closed
                union all
                select month_start_date, owning_org_id,
                    case when is_closed then 'closed' else 'lost' end, lost_tier_code
                from tiers where lost_tier_code is not null and not (is_closed and is_closed_before)
            )
            select count(*), count(*) filter (
                where coalesce(counted.customer_cnt, 0) <> coalesce(reported.customer_cnt, 0)
            )
            from (
                select month_start_date, org_id, status_code, tier_code, count(*) as customer_cnt
                from customers group by all
            ) as counted
            full outer join (
                select month_start_date, org_id, status_code, tier_code, sum(customer_cnt) as customer_cnt
                from {at_risk} where {months} group by all
            ) as reported
                on counted.month_start_date = reported.month_start_date
                and counted.org_id = reported.org_id
                and counted.status_code = reported.status_code
                and counted.tier_code = reported.tier_code
            """,
            tiers=_TIERS,
            at_risk=name(MARTS, AT_RISK),
            months=months_in(months_rebuilt),
            months_before=months_in([(month - timedelta(1)).replace(day=1) for month in months_rebuilt]),
        ),
    )


def private_bank_is_the_tiers(months: Sql) -> Check:
    """The customers of a class are those of its tiers who have not closed: stock and newly won together."""
    return FailingRows(
        check_code=_NOT_CONSERVED,
        table=QUALIFIED,
        column="customer_cnt",
        unit="classes of an org",
        query=fill(
            """
            with tiers as (
                select tiers.month_start_date, tiers.owning_org_id as org_id, rules.class_code,
                    count(*) as customer_cnt
                from (select * from {tiers} where {months} and not is_closed) as tiers
                inner join {rules} as rules
                    on tiers.rulebook_version = rules.rulebook_version and tiers.tier_code = rules.tier_code
                group by tiers.month_start_date, tiers.owning_org_id, rules.class_code
            ),
            listed as (
                select month_start_date, org_id, class_code, count(*) as customer_cnt
                from (
                    select month_start_date, org_id, class_code from {stock} where {months}
                    union all
                    select month_start_date, org_id, class_code from {new} where {months}
                )
                group by month_start_date, org_id, class_code
            )
            select count(*), count(*) filter (
                where coalesce(tiers.customer_cnt, 0) <> coalesce(reported.customer_cnt, 0)
                or coalesce(tiers.customer_cnt, 0) <> coalesce(listed.customer_cnt, 0)
                or reported.customer_cnt
                    <> reported.qualified_cnt + reported.factor_cnt + reported.window_cnt
            )
            from tiers
            full outer join (select * from {qualified} where {months}) as reported
                on tiers.month_start_date = reported.month_start_date
                and tiers.org_id = reported.org_id
                and tiers.class_code = reported.class_code
            full outer join listed
                on coalesce(tiers.month_start_date, reported.month_start_date) = listed.month_start_date
                and coalesce(tiers.org_id, reported.org_id) = listed.org_id
                and coalesce(tiers.class_code, reported.class_code) = listed.class_code
            """,
            tiers=_TIERS,
            rules=name("rules", "private_bank_rules"),
            stock=name(MARTS, "rpt_private_bank_stock_detail"),
            new=name(MARTS, "rpt_private_bank_new_detail"),
            qualified=name(MARTS, QUALIFIED),
            months=months,
        ),
    )


def private_bank_comes_and_goes(months: Sql) -> Check:
    """Last month's customers of a class, the newly won and those who left make this month's.

    The parts of each report make its whole, too.
    """
    return FailingRows(
        check_code=_NOT_CONSERVED,
        table=NEW,
        unit="months of a class",
        query=fill(
            """
            with flows as (
                select month_start_date, class_code, 0 as opening_cnt, new_cnt, 0 as left_cnt,
                    0 as closing_cnt,
                    new_cnt - risen_cnt - other_class_cnt - regained_cnt - new_customer_cnt
                        - first_recorded_cnt as off_cnt
                from {new} where {months}
                union all
                select month_start_date, class_code, 0, 0, left_cnt, 0,
                    left_cnt - lost_cnt - closed_cnt - other_class_cnt - fallen_cnt
                from {lost} where {months}
                union all
                select month_start_date, class_code, opening_cnt, 0, 0, 0,
                    opening_cnt - normal_cnt - observe_cnt - attention_cnt
                        - lost_cnt - closed_cnt - other_class_cnt - fallen_cnt
                from {stock_loss} where {months}
                union all
                select month_start_date, class_code, 0, 0, 0, customer_cnt, 0
                from {qualified} where {months}
            )
            select count(*), count(*) filter (
                where opening_cnt + new_cnt - left_cnt <> closing_cnt or off_cnt <> 0
            )
            from (
                select sum(opening_cnt) as opening_cnt, sum(new_cnt) as new_cnt, sum(left_cnt) as left_cnt,
                    sum(closing_cnt) as closing_cnt, sum(abs(off_cnt)) as off_cnt
                from flows group by month_start_date, class_code
            )
            """,
            new=name(MARTS, NEW),
            lost=name(MARTS, LOST),
            stock_loss=name(MARTS, STOCK_LOSS),
            qualified=name(MARTS, QUALIFIED),
            months=months,
        ),
    )


def private_bank_products_are_the_aum(business_date: date) -> Check:
    """A private-banking customer's products add to the deposits and investments of the running month."""
    return FailingRows(
        check_code=_NOT_CONSERVED,
        table=BALANCES,
        column="balance_amt",
        unit="customers",
        query=fill(
            """
            select count(*), count(*) filter (
                where aum.deposit_end_amt <> coalesce(products.deposit_amt, 0)
                or aum.investment_end_amt <> coalesce(products.investment_amt, 0)
            )
            from (
                select distinct customer_id from {members} where is_member and month_start_date = {month}
            ) as members
            inner join {aum} as aum
                on members.customer_id = aum.customer_id and aum.month_start_date = {month}
            left join (
                select customer_id,
                    sum(case when balance_class_code = 'deposit' then balance_amt else 0 end) as deposit_amt,
                    sum(case when balance_class_code = 'investment' then balance_amt else 0 end)
                        as investment_amt
                from {balances} where month_start_date = {month} group by customer_id
            ) as products on members.customer_id = products.customer_id
            """,
            members=name("intermediate", "int_private_bank__member_month"),
            aum=_AUM,
            balances=name(MARTS, BALANCES),
            month=value(business_date.replace(day=1)),
        ),
    )
