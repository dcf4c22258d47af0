"""Gate 1, first night only: what the initial load tells of the days before it."""

from expectations.check import Check, FailingRows
from orchestration.ingestion.lake import BatchReport
from orchestration.sql import Sql, fill

# the batch's business date, the first day of its month, and how many rows the history has of that month
_RUNNING_MONTH = Sql(
    """
    select
        night.business_date,
        cast(date_trunc('month', night.business_date) as date) as month_start_date,
        (
            select count(*)
            from lake.monthly_balance_history
            where balance_month = date_trunc('month', night.business_date)
        ) as history_cnt
    from pipeline.tonight as night
    """
)


def checks_by_table(report: BatchReport, *, accepts_partial_start: bool) -> dict[str, list[Check]]:
    """What the first batch of all has to tell of its month, by a table that every batch delivers."""
    if not report.is_initial:
        return {}
    checks: list[Check] = [] if accepts_partial_start else [days_before_told()]
    return {"deposit_balance": [*checks, accounts_told()]}


def days_before_told() -> Check:
    """The days of the month before the batch are in the history, unless it is of the first of a month."""
    return FailingRows(
        check_code="start_without_history",
        table="monthly_balance_history",
        detail="the month begins before the first batch and no row tells of the days before it",
        unit="days",
        query=fill(
            """
            select
                date_diff('day', month_start_date, business_date),
                case when history_cnt > 0 then 0 else date_diff('day', month_start_date, business_date) end
            from ({running_month})
            """,
            running_month=_RUNNING_MONTH,
        ),
    )


def accounts_told() -> Check:
    """Where the history tells of the month's days, it does so of every account that holds anything."""
    return FailingRows(
        check_code="history_account_missing",
        table="monthly_balance_history",
        detail="open since before the month, with a balance, but without a row of the days before the batch",
        unit="accounts",
        query=fill(
            """
            with running as ({running_month}),
            held as (
                select account_id from lake.deposit_balance where balance > 0
                union
                select account_id from lake.investment_position where market_value > 0
            ),
            expected as (
                select held.account_id, running.month_start_date
                from held
                inner join lake.account as accounts on held.account_id = accounts.account_id
                cross join running
                where accounts.open_date < running.month_start_date
                    and running.history_cnt > 0
                    and running.business_date > running.month_start_date
            )
            select count(*), count(*) filter (where history.account_id is null)
            from expected
            left join (
                select distinct account_id, balance_month as month_start_date
                from lake.monthly_balance_history
            ) as history
                on expected.account_id = history.account_id
                and expected.month_start_date = history.month_start_date
            """,
            running_month=_RUNNING_MONTH,
        ),
    )
