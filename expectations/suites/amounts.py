"""Gate 1: exchange rates in use, and whether amounts have room in what is computed and published of them.

Published amounts are decimal(18, 2) for speed. A night whose totals fit into that has no sum over customers
that does not; sums over days and months are wider (see macros/portable/amounts.sql).
"""

from datetime import date
from decimal import Decimal

import duckdb

from contract.model import Table
from expectations.check import Check, FailingRows
from orchestration.check_rules import rule_for
from orchestration.sql import Sql, fill, join, name, value

RATE = name("temp", "tonight_rate")
TOTAL = name("temp", "tonight_total")

_HISTORY = name("temp", "history_total")
_KEYS = {"deposit": "account_id", "investment": "account_id", "loan": "loan_id"}
_DUES = {
    "loan_balance": ("overdue_principal", "overdue_interest"),
    "card_balance": ("min_due",),
    "repayment_schedule": ("due_principal", "due_interest"),
}
_MEASURES = {"deposit": "balance", "investment": "market_value", "loan": "balance"}


def collect_rates(
    connection: duckdb.DuckDBPyConnection, business_date: date, reporting_currency: str
) -> None:
    """Collect each currency's rate of tonight, and the history by currency and month with its rate."""
    known = fill(
        """
        select currency, rate_date, cast(mid_rate as decimal(28, 8)) as mid_rate, is_tonight
        from known.rate
        where currency <> {own}
        union all
        select {own}, date '0001-01-01', cast(1 as decimal(28, 8)), true
        """,
        own=value(reporting_currency),
    )
    connection.execute(
        fill(
            """
            create or replace temp table tonight_rate as
            select currency, max_by(mid_rate, row(rate_date, is_tonight)) as mid_rate,
                bool_or(is_tonight) as is_tonight
            from ({known})
            where rate_date <= {night}
            group by currency
            """,
            known=known,
            night=value(business_date),
        )
    )
    connection.execute(
        fill(
            """
            create or replace temp table history_total as
            with sums as (
                select
                    accounts.currency, history.balance_month, count(*) as row_cnt,
                    least(last_day(history.balance_month), {night} - 1) as last_date,
                    sum(greatest(history.month_end_balance, 0)) as end_balance,
                    sum(greatest(history.balance_sum, 0)) as balance_sum
                from lake.monthly_balance_history as history
                inner join known.account as accounts on history.account_id = accounts.account_id
                group by accounts.currency, history.balance_month
            )
            select
                sums.currency, sums.balance_month, sums.last_date, sums.row_cnt, sums.end_balance,
                sums.balance_sum,
                arg_min(
                    rates.mid_rate,
                    row(rates.rate_date > sums.last_date, abs(sums.last_date - rates.rate_date))
                ) as mid_rate,
                bool_and(rates.rate_date > sums.last_date) as is_later
            from sums
            left join ({known}) as rates on sums.currency = rates.currency
            group by all
            """,
            known=known,
            night=value(business_date),
        )
    )


def rates_known() -> Check:
    """Every currency of a balance, of a transaction and of the history has a rate."""
    return FailingRows(
        check_code="reference_rate_missing",
        table="fx_rate",
        query=fill(
            """
            select
                coalesce(sum(row_cnt), 0), coalesce(sum(row_cnt) filter (where mid_rate is null), 0),
                string_agg(distinct currency order by currency) filter (where mid_rate is null)
            from (
                select currency, mid_rate, row_cnt from {total}
                union all
                select currency, mid_rate, row_cnt from {history}
                union all
                select events.currency, rates.mid_rate, events.row_cnt
                from (select currency, count(*) as row_cnt from lake.transaction group by currency) as events
                left join {rate} as rates on events.currency = rates.currency
            )
            """,
            total=TOTAL,
            history=_HISTORY,
            rate=RATE,
        ),
    )


def rates_of_tonight() -> Check:
    """Every currency of a balance has a rate that came tonight; else its last one is carried."""
    return FailingRows(
        check_code="reference_rate_carried",
        table="fx_rate",
        unit="balances",
        query=fill(
            """
            select
                coalesce(sum(row_cnt), 0), coalesce(sum(row_cnt) filter (where not is_tonight), 0),
                string_agg(distinct currency order by currency) filter (where not is_tonight)
            from {total}
            """,
            total=TOTAL,
        ),
    )


def history_valued() -> Check:
    """Every month of the history has a rate of its last day or before; else the first known one is used."""
    return FailingRows(
        check_code="reference_rate_later",
        table="monthly_balance_history",
        query=fill(
            """
            select
                coalesce(sum(row_cnt), 0), coalesce(sum(row_cnt) filter (where is_later), 0),
                string_agg(distinct currency order by currency) filter (where is_later)
            from {history}
            """,
            history=_HISTORY,
        ),
    )


def history_fits() -> Check:
    """What all accounts held in a month of the history has room in the published amounts."""
    worth = fill(
        """
        select
            balance_month, sum(row_cnt) as row_cnt,
            sum(cast(end_balance as decimal(28, 2)) * mid_rate) as end_amt,
            sum(cast(balance_sum as decimal(28, 2)) * mid_rate) as sum_amt,
            max(day(last_date)) as day_cnt
        from {history}
        group by balance_month
        """,
        history=_HISTORY,
    )
    return FailingRows(
        check_code="amount_too_large",
        table="monthly_balance_history",
        unit="months",
        query=fill(
            """
            select count(*), count(*) filter (
                where end_amt > {limit} or sum_amt > cast({limit} as decimal(38, 2)) * day_cnt
            )
            from ({worth})
            """,
            limit=_limit("amount_too_large", "monthly_balance_history"),
            worth=worth,
        ),
        locate=fill(
            """
            select history.source_file, history.source_row
            from lake.monthly_balance_history as history
            inner join known.account as accounts on history.account_id = accounts.account_id
            inner join {rate} as rates on accounts.currency = rates.currency
            order by
                greatest(history.month_end_balance, history.balance_sum) * rates.mid_rate desc,
                history.source_file, history.source_row
            limit 1
            """,
            rate=RATE,
        ),
    )


def held_fits(table: str, source: str, *more: str) -> Check:
    """The worth of all rows of a balance table, with that of the sources named besides, has room.

    Of rows that are too large together the largest one is named.
    """
    register = "loan" if source == "loan" else "account"
    return FailingRows(
        check_code="amount_too_large",
        table=table,
        column=_MEASURES[source],
        unit="totals",
        query=fill(
            """
            select 1, count(*) filter (where size_amt > {limit})
            from (
                select coalesce(sum(greatest(size_amt, aum_amt)), 0) as size_amt
                from {total}
                where source in ({sources})
            )
            """,
            limit=_limit("amount_too_large", table),
            total=TOTAL,
            sources=join(", ", map(value, (source, *more))),
        ),
        locate=fill(
            """
            select balances.source_file, balances.source_row
            from {rows} as balances
            inner join {register} as registered on balances.{key} = registered.{key}
            inner join {rate} as rates on registered.currency = rates.currency
            order by abs(balances.{measure}) * rates.mid_rate desc, balances.source_file, balances.source_row
            limit 1
            """,
            rows=name("lake", table),
            register=name("known", register),
            key=name(_KEYS[source]),
            measure=name(_MEASURES[source]),
            rate=RATE,
        ),
    )


def cards_fit() -> Check:
    """What is owed on all cards has room in the published amounts."""
    return FailingRows(
        check_code="amount_too_large",
        table="card_balance",
        column="balance",
        unit="totals",
        query=fill(
            "select 1, count(*) filter (where size_amt > {limit})"
            " from (select coalesce(sum(abs(balance)), 0) as size_amt from lake.card_balance)",
            limit=_limit("amount_too_large", "card_balance"),
        ),
        locate=Sql(
            "select source_file, source_row from lake.card_balance"
            " order by abs(balance) desc, source_file, source_row limit 1"
        ),
    )


def events_fit(table: Table) -> list[Check]:
    """No amount of an event is so large that a sum of a hundred has no room."""
    columns = [column.name for column in table.columns if column.type == "money"]
    if table.kind != "E" or table.initial_only or not columns:
        return []
    rows, rate = fill("{rows} as events", rows=name("lake", table.name)), Sql("1")
    if "currency" in table.column_names:
        rows = fill(
            "{rows} left join {rate} as rates on events.currency = rates.currency", rows=rows, rate=RATE
        )
        rate = Sql("coalesce(rates.mid_rate, 1)")
    limit = _limit("event_amount_too_large", table.name)
    parts = {
        "rows": rows,
        "is_large": join(
            " or ",
            (
                fill("abs(events.{column}) * {rate} > {limit}", column=name(column), rate=rate, limit=limit)
                for column in columns
            ),
        ),
    }
    return [
        FailingRows(
            check_code="event_amount_too_large",
            table=table.name,
            column=columns[0] if len(columns) == 1 else None,
            query=fill("select count(*), count(*) filter (where {is_large}) from {rows}", **parts),
            locate=fill("select events.source_file, events.source_row from {rows} where {is_large}", **parts),
        )
    ]


def dues_fit(table: Table) -> list[Check]:
    """No amount due is so large that a sum of a hundred events of such amounts has no room.

    The balances of loans and cards are held to their sum; what is due on them is told as it is.
    """
    columns = _DUES.get(table.name, ())
    if not columns:
        return []
    rows, rate = fill("{rows} as dues", rows=name("lake", table.name)), Sql("1")
    if "loan_id" in table.column_names:
        rows = fill(
            """
            {rows}
            left join known.loan as loans on dues.loan_id = loans.loan_id
            left join {rate} as rates on loans.currency = rates.currency
            """,
            rows=rows,
            rate=RATE,
        )
        rate = Sql("coalesce(rates.mid_rate, 1)")
    limit = _limit("event_amount_too_large", table.name)
    return [
        FailingRows(
            check_code="event_amount_too_large",
            table=table.name,
            column=column,
            query=fill(
                "select count(*), count(*) filter (where abs(dues.{column}) * {rate} > {limit}) from {rows}",
                column=name(column),
                rate=rate,
                limit=limit,
                rows=rows,
            ),
            locate=fill(
                "select dues.source_file, dues.source_row from {rows}"
                " where abs(dues.{column}) * {rate} > {limit}",
                column=name(column),
                rate=rate,
                limit=limit,
                rows=rows,
            ),
        )
        for column in columns
    ]


def _limit(check_code: str, table: str) -> Sql:
    return value(rule_for(check_code, table).limit_amt or Decimal(0))
