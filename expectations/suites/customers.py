"""Gate 2: segments, households and key figures count every customer once, on tonight's months."""

from collections.abc import Sequence
from datetime import date, timedelta

from expectations.check import Check, FailingRows, Suite
from expectations.suites.marts import months_in
from expectations.suites.merged import merged_at_month_ends
from orchestration.sql import Sql, fill, name, value

MARTS = "customer"
MIGRATION = "rpt_segment_migration_monthly"
HOUSEHOLD = "fct_household_monthly"
CROSS_SELL = "rpt_cross_sell_monthly"
KPI = "rpt_customer_kpi_monthly"
SEGMENTS = name(MARTS, "fct_customer_segment_monthly")
CORPORATE_SEGMENTS = name("corporate", "fct_corporate_segment_monthly")
CORPORATE_PREFIX = "corporate_"
"""Schemes of corporate customers are called so; all others are of persons."""

_MEMBER = name("intermediate", "int_household__member")
_MERGED = name("intermediate", "int_customer__survivor")


def customer_suites(business_date: date, months_rebuilt: Sequence[date]) -> list[Suite]:
    """Suites over the ways and key figures of the months written tonight, and tonight's households."""
    months = months_in(months_rebuilt)
    return [
        Suite(
            MARTS,
            MIGRATION,
            [ways_are_the_segments(business_date, months_rebuilt, which) for which in (False, True)],
        ),
        Suite(MARTS, HOUSEHOLD, [nobody_in_two_households(), households_are_their_members(business_date)]),
        Suite(MARTS, KPI, [customers_come_and_go(months), active_are_those_of_cross_selling(months)]),
    ]


def ways_are_the_segments(business_date: date, months_rebuilt: Sequence[date], is_corporate: bool) -> Check:
    """The ways of every scheme open with the customers of the month before and close with those of the month.

    By org, from the month of the first night on: that night computes the ways of its own month alone.
    """
    return FailingRows(
        check_code="segments_not_conserved",
        table=MIGRATION,
        unit="orgs of a scheme",
        detail="corporate customers" if is_corporate else "persons",
        query=fill(
            """
            with ways as (
                select month_start_date, scheme_code, org_id,
                    sum(opening_cnt) as opening_cnt, sum(closing_cnt) as closing_cnt
                from {migration}
                where {months} and starts_with(scheme_code, {prefix}) = {is_corporate}
                group by month_start_date, scheme_code, org_id
            ),
            -- who was merged tonight, and at the end of a month that is closed tonight
            merged as (
                select {month} as month_start_date, customer_id, survivor_id from {merged}
                union all
                select month_start_date, customer_id, survivor_id
                from {merged_then} where month_start_date < {month}
            ),
            -- of customers who are one, all but the one who goes on, or the first of them
            seconds as (
                select distinct merged.month_start_date, merged.customer_id
                from merged
                inner join merged as others
                    on merged.month_start_date = others.month_start_date
                    and merged.survivor_id = others.survivor_id
                inner join {segments} as own
                    on own.month_start_date = cast(merged.month_start_date - interval 1 month as date)
                    and (
                        own.customer_id = merged.survivor_id
                        or (own.customer_id = others.customer_id and others.customer_id < merged.customer_id)
                    )
            ),
            customers as (
                select month_start_date, org_id,
                    sum(opening_cnt) as opening_cnt, sum(closing_cnt) as closing_cnt
                from (
                    select month_start_date, owning_org_id as org_id, 0 as opening_cnt, 1 as closing_cnt
                    from {segments} where {months}
                    union all
                    select cast(month_start_date + interval 1 month as date) as month_start_date,
                        owning_org_id as org_id, 1 as opening_cnt, 0 as closing_cnt
                    from {segments} as before
                    anti join seconds
                        on before.customer_id = seconds.customer_id
                        and cast(before.month_start_date + interval 1 month as date)
                            = seconds.month_start_date
                    where {months_before}
                )
                where month_start_date
                    >= coalesce((select min(month_start_date) from {migration}), {month})
                group by month_start_date, org_id
            ),
            -- one without a name where there are customers and no way at all
            schemes as (
                select schemes.scheme_code
                from (select 1) left join (select distinct scheme_code from ways) as schemes on true
            )
            select count(*), count(*) filter (
                where coalesce(ways.opening_cnt, 0) <> coalesce(expected.opening_cnt, 0)
                or coalesce(ways.closing_cnt, 0) <> coalesce(expected.closing_cnt, 0)
            )
            from ways
            full outer join (select * from customers cross join schemes) as expected
                on ways.month_start_date = expected.month_start_date
                and ways.scheme_code = expected.scheme_code
                and ways.org_id = expected.org_id
            """,
            migration=name(MARTS, MIGRATION),
            month=value(business_date.replace(day=1)),
            months=months_in(months_rebuilt),
            months_before=months_in([(month - timedelta(1)).replace(day=1) for month in months_rebuilt]),
            prefix=value(CORPORATE_PREFIX),
            is_corporate=Sql("true" if is_corporate else "false"),
            segments=CORPORATE_SEGMENTS if is_corporate else SEGMENTS,
            merged=_MERGED,
            merged_then=merged_at_month_ends(
                CORPORATE_SEGMENTS if is_corporate else SEGMENTS, months_in(months_rebuilt)
            ),
        ),
    )


def nobody_in_two_households() -> Check:
    """No person is a member of two households."""
    return FailingRows(
        check_code="households_not_conserved",
        table=HOUSEHOLD,
        column="member_cnt",
        unit="persons",
        query=fill(
            """
            select count(*), count(*) filter (where household_cnt > 1)
            from (select customer_id, count(*) as household_cnt from {member} group by customer_id)
            """,
            member=_MEMBER,
        ),
    )


def households_are_their_members(business_date: date) -> Check:
    """Every household has its members, and their AUM."""
    return FailingRows(
        check_code="households_not_conserved",
        table=HOUSEHOLD,
        column="aum_amt",
        unit="households",
        query=fill(
            """
            select count(*), count(*) filter (
                where households.member_cnt is distinct from members.member_cnt
                or households.aum_amt is distinct from members.aum_amt
            )
            from (select * from {household} where month_start_date = {month}) as households
            full outer join (
                select members.household_id, count(*) as member_cnt,
                    coalesce(sum(aum.aum_end_amt), 0) as aum_amt
                from {member} as members
                left join customer_value.fct_customer_aum_monthly as aum
                    on members.customer_id = aum.customer_id and aum.month_start_date = {month}
                group by members.household_id
            ) as members on households.household_id = members.household_id
            """,
            household=name(MARTS, HOUSEHOLD),
            member=_MEMBER,
            month=value(business_date.replace(day=1)),
        ),
    )


def customers_come_and_go(months: Sql) -> Check:
    """Customers of an org, and those who come, less those who go, are those that it has."""
    return FailingRows(
        check_code="customers_not_conserved",
        table=KPI,
        query=fill(
            """
            select count(*), count(*) filter (
                where opening_customer_cnt + new_customer_cnt + moved_in_customer_cnt
                    - lost_customer_cnt - moved_out_customer_cnt <> closing_customer_cnt
            )
            from {rows} where {months}
            """,
            rows=name(MARTS, KPI),
            months=months,
        ),
    )


def active_are_those_of_cross_selling(months: Sql) -> Check:
    """Every org has the same active customers here as in the figures of cross-selling."""
    return FailingRows(
        check_code="customers_not_conserved",
        table=KPI,
        column="active_customer_cnt",
        unit="orgs",
        query=fill(
            """
            select count(*), count(*) filter (
                where coalesce(figures.customer_cnt, 0) <> coalesce(lines.customer_cnt, 0)
            )
            from (
                select month_start_date, org_id, sum(active_customer_cnt) as customer_cnt
                from {kpi} where {months} group by month_start_date, org_id
            ) as figures
            full outer join (
                select month_start_date, org_id, sum(active_customer_cnt) as customer_cnt
                from {cross_sell} where {months} group by month_start_date, org_id
            ) as lines
                on figures.month_start_date = lines.month_start_date and figures.org_id = lines.org_id
            """,
            kpi=name(MARTS, KPI),
            cross_sell=name(MARTS, CROSS_SELL),
            months=months,
        ),
    )
