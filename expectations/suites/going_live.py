"""Gate 1, first night only: what the initial load tells of the days before it."""

from expectations.check import Check, FailingRows
from orchestration.ingestion.lake import BatchReport
from orchestration.sql import Sql, fill

# each account's months with a row in the history: the days that its rows cover, and those that there were
_TOLD_MONTHS = Sql(
    """
    select
        history.account_id, history.balance_month,
        max(history.day_count) as told_days,
        date_diff(
            'day',
            greatest(history.balance_month, any_value(accounts.open_date)),
            least(
                last_day(history.balance_month) + 1, any_value(night.business_date),
                coalesce(any_value(accounts.close_date), last_day(history.balance_month) + 1)
            )
        ) as day_cnt,
        history.balance_month = date_trunc('month', any_value(night.business_date)) as is_running
    from lake.monthly_balance_history as history
    inner join lake.account as accounts on history.account_id = accounts.account_id
    cross join pipeline.tonight as night
    group by history.account_id, history.balance_month
    """
)

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
    return {"deposit_balance": [*checks, days_told(), days_complete(), accounts_told(), loans_told()]}


def days_before_told() -> Check:
    """The days of the month before the batch are in the history, unless it is of the first of a month."""
    return FailingRows(
        check_code="start_without_history",
        table="monthly_balance_history",
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


def days_told() -> Check:
    """Few accounts' rows of the running month cover fewer days than there were before the batch.

    An account that was empty until then may have such a row; where many have one, the extract is cut off.
    """
    return FailingRows(
        check_code="start_history_short",
        table="monthly_balance_history",
        column="day_count",
        detail="rows of the running month that cover fewer days than there were before the batch",
        unit="accounts",
        allows_share=True,
        query=fill(
            "select count(*), count(*) filter (where told_days < day_cnt) from ({told}) where is_running",
            told=_TOLD_MONTHS,
        ),
        locate=fill(
            """
            select history.source_file, history.source_row
            from lake.monthly_balance_history as history
            inner join ({told}) as months
                on history.account_id = months.account_id and history.balance_month = months.balance_month
            where months.is_running and months.told_days < months.day_cnt
            """,
            told=_TOLD_MONTHS,
        ),
    )


def days_complete() -> Check:
    """From an account's first month in the history to its last, all days since it was opened are told."""
    return FailingRows(
        check_code="history_days_missing",
        table="monthly_balance_history",
        column="day_count",
        unit="months of accounts",
        query=fill(
            """
            with spans as (
                select
                    count(*) as month_cnt,
                    date_diff('month', min(balance_month), max(balance_month)) + 1 as span_cnt,
                    count(*) filter (where told_days < day_cnt) as short_cnt,
                    sum(greatest(day_cnt - told_days, 0)) as day_cnt
                from ({told})
                group by account_id
            )
            select
                coalesce(sum(span_cnt), 0), coalesce(sum(span_cnt - month_cnt + short_cnt), 0), null,
                sum(span_cnt - month_cnt) || ' months without a row, '
                || sum(short_cnt) || ' with ' || sum(day_cnt) || ' days too few'
            from spans
            """,
            told=_TOLD_MONTHS,
        ),
    )


def loans_told() -> Check:
    """Where the loan history tells of a month, it does so of every loan owed that is older than the month."""
    return FailingRows(
        check_code="loan_history_missing",
        table="monthly_loan_history",
        detail="owed since before a month that the loan history tells of, but without a row of it",
        unit="loans",
        query=Sql(
            """
            with expected as (
                select distinct loans.loan_id, told.balance_month
                from lake.loan_balance as balances
                inner join lake.loan as loans on balances.loan_id = loans.loan_id
                inner join (select distinct balance_month from lake.monthly_loan_history) as told
                    on loans.start_date < told.balance_month
                where balances.balance > 0
            )
            select
                count(distinct expected.loan_id),
                count(distinct expected.loan_id) filter (where history.loan_id is null)
            from expected
            left join lake.monthly_loan_history as history
                on expected.loan_id = history.loan_id and expected.balance_month = history.balance_month
            """
        ),
    )
