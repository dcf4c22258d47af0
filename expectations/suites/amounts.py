"""Gate 1: exchange rates in use, and whether amounts have room in what is computed and published of them.

Published amounts are decimal(18, 2) for speed. A night whose totals fit into that has no sum over customers
that does not; sums over days and months are wider (see macros/portable/amounts.sql).
"""

from datetime import date

import duckdb

from contract.model import load_contract
from expectations.check import Check, FailingRows
from expectations.suites.row_amounts import RATE, limit_of, priced
from orchestration.sql import Sql, fill, join, name, value

TOTAL = name("temp", "tonight_total")

_HISTORY = name("temp", "history_total")
_KEYS = {"deposit": "account_id", "investment": "account_id", "loan": "loan_id"}
_HISTORIES = {"monthly_balance_history": "account", "monthly_loan_history": "loan"}
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
            with told as (
                {histories}
            ),
            sums as (
                select
                    table_name, currency, balance_month, count(*) as row_cnt,
                    least(last_day(balance_month), {night} - 1) as last_date,
                    sum(greatest(month_end_balance, 0)) as end_balance,
                    sum(greatest(balance_sum, 0)) as balance_sum
                from told
                group by table_name, currency, balance_month
            )
            select
                sums.table_name, sums.currency, sums.balance_month, sums.last_date, sums.row_cnt,
                sums.end_balance, sums.balance_sum,
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
            histories=join(" union all ", (_told(table) for table in _HISTORIES)),
        )
    )


def _told(table: str) -> Sql:
    """Rows of a history, each with its currency: that of the account or loan that it is of."""
    register = _HISTORIES[table]
    return fill(
        """
        select
            {table} as table_name, registered.currency, history.balance_month, history.month_end_balance,
            history.balance_sum, history.source_file, history.source_row
        from {rows} as history
        inner join {register} as registered on history.{key} = registered.{key}
        """,
        table=value(table),
        rows=name("lake", table),
        register=name("known", register),
        key=name(f"{register}_id"),
    )


def rates_known() -> Check:
    """Every currency of a balance, of the history, of a transaction and of a sale has a rate."""
    contract = load_contract()
    events = []
    for table in ("transaction", "sales_trade"):
        rows, currency, rate = priced(contract.table(table))
        events.append(
            fill(
                "select {currency} as currency, any_value({rate}) as mid_rate, count(*) as row_cnt"
                " from {rows} group by {currency}",
                currency=currency,
                rate=rate,
                rows=rows,
            )
        )
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
                {events}
            )
            """,
            total=TOTAL,
            history=_HISTORY,
            events=join(" union all ", events),
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


def history_valued(table: str) -> Check:
    """Every month of a history has a rate of its last day or before; else the first known one is used."""
    return FailingRows(
        check_code="reference_rate_later",
        table=table,
        query=fill(
            """
            select
                coalesce(sum(row_cnt), 0), coalesce(sum(row_cnt) filter (where is_later), 0),
                string_agg(distinct currency order by currency) filter (where is_later)
            from {history}
            where table_name = {table}
            """,
            history=_HISTORY,
            table=value(table),
        ),
    )


def history_fits(table: str) -> Check:
    """What a history tells of all accounts or loans in a month has room in the published amounts."""
    worth = fill(
        """
        select
            balance_month, sum(row_cnt) as row_cnt,
            sum(cast(end_balance as decimal(28, 2)) * mid_rate) as end_amt,
            sum(cast(balance_sum as decimal(28, 2)) * mid_rate) as sum_amt,
            max(day(last_date)) as day_cnt
        from {history}
        where table_name = {table}
        group by balance_month
        """,
        history=_HISTORY,
        table=value(table),
    )
    return FailingRows(
        check_code="amount_too_large",
        table=table,
        unit="months",
        query=fill(
            """
            select count(*), count(*) filter (
                where end_amt > {limit} or sum_amt > cast({limit} as decimal(38, 2)) * day_cnt
            )
            from ({worth})
            """,
            limit=limit_of("amount_too_large", table),
            worth=worth,
        ),
        locate=fill(
            """
            select history.source_file, history.source_row
            from ({told}) as history
            inner join {rate} as rates on history.currency = rates.currency
            order by
                greatest(history.month_end_balance, history.balance_sum) * rates.mid_rate desc,
                history.source_file, history.source_row
            limit 1
            """,
            told=_told(table),
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
            limit=limit_of("amount_too_large", table),
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
            limit=limit_of("amount_too_large", "card_balance"),
        ),
        locate=Sql(
            "select source_file, source_row from lake.card_balance"
            " order by abs(balance) desc, source_file, source_row limit 1"
        ),
    )
