"""Gate 2: what has to hold about groups, payments, opportunities and plans, on the month of the night."""

from datetime import date

import duckdb

from expectations.check import Check, FailingRows, Suite
from orchestration.check_rules import CIRCLES_NAMED
from orchestration.sql import Sql, fill, name, value

MARTS = "corporate"
MEMBER = "fct_group_member"
GROUP = "fct_group_monthly"
FLOW = "fct_counterparty_flow_monthly"
FUNNEL = "rpt_funnel_monthly"
PLAN = "fct_plan_actual"
VARIANCE = "rpt_plan_variance"
CIRCLE = "group_circle"


def corporate_suites(business_date: date) -> list[Suite]:
    """Suites over the corporate marts of one night."""
    month = business_date.replace(day=1)
    return [
        Suite(MARTS, MEMBER, [one_parent(), no_circle(business_date)]),
        Suite(MARTS, GROUP, [groups_are_their_members(business_date)]),
        Suite(MARTS, FLOW, [both_sides_told(month)]),
        Suite(MARTS, FUNNEL, [none_lost(month)]),
        Suite(MARTS, VARIANCE, [parts_are_the_gap(month)]),
    ]


def one_parent() -> Check:
    """No customer is a member of two groups on the same day."""
    return FailingRows(
        check_code="group_not_conserved",
        table=MEMBER,
        query=fill(
            """
            select count(*), count(*) filter (where valid_from_date < earlier_to_date) from (
                select
                    valid_from_date,
                    lag(coalesce(valid_to_date, date '9999-12-31')) over (
                        partition by customer_id order by valid_from_date
                    ) as earlier_to_date
                from {member}
            )
            """,
            member=name(MARTS, MEMBER),
        ),
    )


_CIRCLES = """
    with members as (
        select * from {member}
        where valid_from_date <= {day} and (valid_to_date is null or valid_to_date > {day})
    ),
    -- the parent that the cut took away lies below: the way down to it is the circle
    circles as (
        select
            string_agg(
                case when erased.customer_id is null then part.customer_id else '**' end, '/'
                order by part.depth
            ) as path
        from members as first
        inner join {edge} as cut
            on first.customer_id = cut.customer_id and cut.from_date <= {day} and cut.to_date > {day}
        inner join members as last on cut.parent_customer_id = last.customer_id
        -- a path holds hashes: those on the way are the members whose own path it begins with
        inner join members as part
            on first.ultimate_parent_customer_id = part.ultimate_parent_customer_id
            and starts_with(last.path || '/', part.path || '/')
        left join {erased} as erased on part.customer_id = erased.customer_id
        where first.is_circle_cut
        group by first.customer_id
    )
"""


def no_circle(business_date: date) -> Check:
    """No parents go round in a circle; where they do, it is told how many, and where they are named."""
    return FailingRows(
        check_code=CIRCLE,
        table=MEMBER,
        column="path",
        query=fill(
            "{circles} select (select count(*) from members), (select count(*) from circles), null,"
            " (select {where} from circles limit 1)",
            circles=_circles(business_date),
            where=value(CIRCLES_NAMED),
        ),
    )


def name_circles(connection: duckdb.DuckDBPyConnection, business_date: date) -> None:
    """Name the circles in what the build database keeps of the check, and releases publish of it.

    Who is erased later is blanked in both (``erasure/circles.py``); files and logs have no names.
    """
    (paths,) = connection.execute(
        fill(
            "{circles} select string_agg(left(path, 200), '; ' order by path) from circles",
            circles=_circles(business_date),
        )
    ).fetchone() or (None,)
    if paths is not None:
        connection.execute(
            "update quality.fct_check_result set message = message || ': ' || $paths"
            " where check_code = $circle and business_date = $day",
            {"paths": paths, "circle": CIRCLE, "day": business_date},
        )


def _circles(business_date: date) -> Sql:
    return fill(
        _CIRCLES,
        member=name(MARTS, MEMBER),
        edge=name("intermediate", "int_group__edge"),
        erased=name("pipeline", "erased_customer"),
        day=value(business_date),
    )


def groups_are_their_members(business_date: date) -> Check:
    """The groups of the month have each member of its last day once, and their deposits."""
    return FailingRows(
        check_code="group_not_conserved",
        table=GROUP,
        unit="total",
        query=fill(
            """
            with members as (
                select count(*) as member_cnt, coalesce(sum(aum.deposit_end_amt), 0) as deposit_end_amt
                from {member} as members
                left join customer_value.fct_customer_aum_monthly as aum
                    on members.customer_id = aum.customer_id and aum.month_start_date = {month}
                where
                    members.valid_from_date <= {day}
                    and (members.valid_to_date is null or members.valid_to_date > {day})
            ),
            groups as (
                select
                    coalesce(sum(member_cnt), 0) as member_cnt,
                    coalesce(sum(deposit_end_amt), 0) as deposit_end_amt
                from {group} where month_start_date = {month}
            )
            select 1, count(*) filter (where members is distinct from groups) from members cross join groups
            """,
            member=name(MARTS, MEMBER),
            group=name(MARTS, GROUP),
            day=value(business_date),
            month=value(business_date.replace(day=1)),
        ),
    )


def both_sides_told(month: date) -> Check:
    """What corporate customers paid each other is what they were paid."""
    return FailingRows(
        check_code="payment_of_one_side",
        table=FLOW,
        unit="total",
        query=fill(
            """
            select 1, cast(coalesce(sum(flows.in_amt - flows.out_amt), 0) <> 0 as bigint), null,
                'they differ by ' || cast(sum(flows.in_amt - flows.out_amt) as varchar)
            from {flow} as flows
            inner join intermediate.int_customer__versions as payees
                on flows.counterparty_customer_id = payees.customer_id and payees.known_to_date is null
            where flows.month_start_date = {month} and payees.customer_type_code = 'C'
            """,
            flow=name(MARTS, FLOW),
            month=value(month),
        ),
    )


def none_lost(month: date) -> Check:
    """What was in a stage or came to it has left it or is in it."""
    return FailingRows(
        check_code="funnel_not_conserved",
        table=FUNNEL,
        query=fill(
            """
            select count(*), count(*) filter (
                where opening_cnt + opened_cnt + entered_cnt
                    <> passed_on_cnt + went_back_cnt + won_cnt + lost_cnt + closing_cnt
            )
            from {funnel} where month_start_date = {month}
            """,
            funnel=name(MARTS, FUNNEL),
            month=value(month),
        ),
    )


def parts_are_the_gap(month: date) -> Check:
    """The parts of each way of splitting add to what came less the target."""
    return FailingRows(
        check_code="plan_gap_not_split",
        table=VARIANCE,
        unit="gaps",
        query=fill(
            """
            with parts as (
                select scope_type, scope_id, indicator_code, period, split_code, sum(gap) as gap
                from {variance} group by all
            )
            select count(*), count(*) filter (where parts.gap is distinct from plans.actual - plans.target)
            from parts
            left join {plan} as plans
                on parts.scope_type = plans.scope_type
                and parts.scope_id = plans.scope_id
                and parts.indicator_code = plans.indicator_code
                and parts.period = plans.period
                and plans.month_start_date = {month}
                and plans.is_current_version
            """,
            variance=name(MARTS, VARIANCE),
            plan=name(MARTS, PLAN),
            month=value(month),
        ),
    )
