"""Gate 2: every view of the contribution adds to the account ledger, to the cent, in tonight's months."""

from collections.abc import Sequence
from datetime import date

from expectations.check import Check, FailingRows, Suite
from expectations.suites.marts import months_in
from orchestration.sql import Sql, fill, join, name

MARTS = "contribution"
LEDGER = "fct_account_contribution_monthly"
CUSTOMER = "fct_customer_contribution_monthly"
ORG = "agg_org_contribution_monthly"
CHANGE = "rpt_contribution_change"
COST_POOL = "fct_cost_pool_monthly"
ALLOCATION = "fct_cost_allocation_monthly"
_VIEWS = (
    CUSTOMER,
    "fct_rm_contribution_monthly",
    "agg_product_contribution_monthly",
    "agg_tier_contribution_monthly",
)
_COMPONENTS = (
    "deposit_nii_amt",
    "loan_nii_amt",
    "fee_income_amt",
    "direct_cost_amt",
    "allocated_cost_amt",
    "expected_loss_amt",
)
_TOTALS = (*_COMPONENTS, "contribution_amt", "capital_charge_amt", "eva_amt")


def contribution_suites(months_rebuilt: Sequence[date]) -> list[Suite]:
    """Suites over the ledger and its views in the months written tonight."""
    months = months_in(months_rebuilt)
    return [
        Suite(MARTS, LEDGER, [components_add_up(months)]),
        *(Suite(MARTS, view, [view_is_the_ledger(view, months)]) for view in _VIEWS),
        Suite(MARTS, ORG, [orgs_are_the_ledger(months)]),
        Suite(MARTS, CHANGE, [parts_are_the_change(months), change_is_between_months(months)]),
        Suite(MARTS, COST_POOL, [costs_are_spread(months), costs_find_accounts(months)]),
        Suite(MARTS, ALLOCATION, [allocations_are_the_pools(months)]),
    ]


def components_add_up(months: Sql) -> Check:
    """The six components are the contribution, and with the capital charge they are the EVA."""
    return FailingRows(
        check_code="contribution_not_conserved",
        table=LEDGER,
        column="contribution_amt",
        query=fill(
            """
            select count(*), count(*) filter (
                where contribution_amt <> {components} or eva_amt <> contribution_amt + capital_charge_amt
            )
            from {ledger} where {months}
            """,
            components=join(" + ", map(name, _COMPONENTS)),
            ledger=name(MARTS, LEDGER),
            months=months,
        ),
    )


def view_is_the_ledger(view: str, months: Sql) -> Check:
    """Each component of a view adds to the ledger's, month by month."""
    return FailingRows(
        check_code="contribution_not_conserved",
        table=view,
        unit="months",
        query=_compared(
            _month_totals(LEDGER, _TOTALS, months),
            _month_totals(view, _TOTALS, months),
            [(measure, measure) for measure in _TOTALS],
        ),
    )


def orgs_are_the_ledger(months: Sql) -> Check:
    """What the orgs keep adds to the ledger, and so does what the tops of the tree roll up."""
    tops = fill(
        """
        select
            month_start_date,
            sum(own_amt) as own_amt,
            sum(rolled_up_amt) filter (
                where parent_org_id is null
                    or parent_org_id not in (select org_id from {orgs} where {months})
            ) as top_amt
        from {orgs} where {months} group by month_start_date
        """,
        orgs=name(MARTS, ORG),
        months=months,
    )
    return FailingRows(
        check_code="contribution_not_conserved",
        table=ORG,
        unit="months",
        query=_compared(
            _month_totals(LEDGER, ("contribution_amt",), months),
            tops,
            [("contribution_amt", "own_amt"), ("contribution_amt", "top_amt")],
        ),
    )


def parts_are_the_change(months: Sql) -> Check:
    """Volume, rate, mix and new or closed accounts are the change."""
    return FailingRows(
        check_code="contribution_not_conserved",
        table=CHANGE,
        query=fill(
            """
            select count(*), count(*) filter (
                where total_amt <> volume_amt + rate_amt + mix_amt + new_closed_amt
                    or total_amt <> contribution_amt - previous_contribution_amt
            )
            from {change} where {months}
            """,
            change=name(MARTS, CHANGE),
            months=months,
        ),
    )


def change_is_between_months(months: Sql) -> Check:
    """The contributions compared add to the customers' of both months.

    Neither the first month nor the one after a month that is not recorded whole has one before it.
    """
    return FailingRows(
        check_code="contribution_not_conserved",
        table=CHANGE,
        column="total_amt",
        unit="months",
        query=fill(
            """
            select count(*), count(*) filter (
                where change.total_amt is distinct from tonight.contribution_amt - before.contribution_amt
            )
            from ({tonight}) as tonight
            inner join (
                select month_start_date + interval 1 month as month_start_date,
                    sum(contribution_amt) as contribution_amt
                from {customers}
                where not is_partial_month and month_start_date >= (
                    select min(month_start_date) - interval 1 month from {customers} where {months}
                )
                group by month_start_date
            ) as before on tonight.month_start_date = before.month_start_date
            left join ({change}) as change on tonight.month_start_date = change.month_start_date
            """,
            tonight=_month_totals(CUSTOMER, ("contribution_amt",), months),
            customers=name(MARTS, CUSTOMER),
            months=months,
            change=_month_totals(CHANGE, ("total_amt",), months),
        ),
    )


def costs_are_spread(months: Sql) -> Check:
    """What the pools say is allocated is what the ledger bears."""
    return FailingRows(
        check_code="contribution_not_conserved",
        table=COST_POOL,
        column="allocated_amt",
        unit="months",
        query=fill(
            """
            select count(*), count(*) filter (
                where coalesce(pools.allocated_amt, 0) <> -ledger.allocated_cost_amt
            )
            from ({ledger}) as ledger
            left join ({pools}) as pools on ledger.month_start_date = pools.month_start_date
            """,
            ledger=_month_totals(LEDGER, ("allocated_cost_amt",), months),
            pools=_month_totals(COST_POOL, ("allocated_amt",), months),
        ),
    )


def allocations_are_the_pools(months: Sql) -> Check:
    """The lines of each pool add to what it allocates, and their counts to its driver total."""
    return FailingRows(
        check_code="contribution_not_conserved",
        table=ALLOCATION,
        column="cost_amt",
        unit="cost pools",
        query=fill(
            """
            select count(*), count(*) filter (
                where pools.allocated_amt is distinct from coalesce(lines.cost_amt, 0)
                    or pools.line_cnt > 0 and pools.driver_total is distinct from lines.driver_count
            )
            from (select * from {pools} where {months}) as pools
            full outer join (
                select cost_pool_id, pool_org_id, cost_month_date, bearing_org_id, month_start_date,
                    sum(cost_amt) as cost_amt, sum(driver_count) as driver_count
                from {allocations}
                where {months}
                group by cost_pool_id, pool_org_id, cost_month_date, bearing_org_id, month_start_date
            ) as lines
                on pools.cost_pool_id = lines.cost_pool_id
                and pools.org_id = lines.pool_org_id
                and pools.cost_month_date = lines.cost_month_date
                and pools.bearing_org_id = lines.bearing_org_id
                and pools.month_start_date = lines.month_start_date
            """,
            pools=name(MARTS, COST_POOL),
            allocations=name(MARTS, ALLOCATION),
            months=months,
        ),
    )


def costs_find_accounts(months: Sql) -> Check:
    """Every cost pool finds accounts that bear it."""
    return FailingRows(
        check_code="cost_not_allocated",
        table=COST_POOL,
        query=fill(
            """
            select count(*), count(*) filter (where allocated_amt <> counted_amt)
            from {pools} where {months}
            """,
            pools=name(MARTS, COST_POOL),
            months=months,
        ),
    )


def _month_totals(table: str, measures: Sequence[str], months: Sql) -> Sql:
    return fill(
        "select month_start_date, {sums} from {rows} where {months} group by month_start_date",
        sums=join(", ", (fill("sum({measure}) as {measure}", measure=name(measure)) for measure in measures)),
        rows=name(MARTS, table),
        months=months,
    )


def _compared(ledger: Sql, view: Sql, pairs: Sequence[tuple[str, str]]) -> Sql:
    off = join(
        " or ",
        (
            fill(
                "ledger.{theirs} is distinct from seen.{ours}",
                theirs=name(theirs),
                ours=name(ours),
            )
            for theirs, ours in pairs
        ),
    )
    return fill(
        """
        select count(*), count(*) filter (where {off})
        from ({ledger}) as ledger
        full outer join ({view}) as seen on ledger.month_start_date = seen.month_start_date
        """,
        off=off,
        ledger=ledger,
        view=view,
    )
