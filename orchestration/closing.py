"""A month that ends without a batch is closed before the first night of the next month.

A closed month is as its own last day knew it. So its last day is computed as a night of its own: by what the
last batch of the month says of customers, accounts, products, balances and all else, and by what has
happened in the month since: transactions, fees, costs and trades that the next batch brings, dated in it.
It comes out as if the last day had had a batch with nothing new in it.

Whom a sale is credited to is not part of it: the ledger has entries on business dates only. The night
itself confirms the month.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import duckdb

from contract.model import load_contract
from orchestration.ingestion.lake import lake_batches, read_report
from orchestration.plan import Closing, Night, highest_sequences
from orchestration.settings import Settings
from orchestration.sql import Sql, fill, join, name, value
from orchestration.warehouse import create_lake_views, show_delivered, show_no_closing, tables

_DATES = {
    "transaction": "txn_date",
    "card_txn": "txn_date",
    "fee_income": "income_date",
    "cost_pool": "cost_month",
    "risk_parameter": "risk_month",
    "sales_trade": "trade_date",
}
"""The day or month on which each event happened."""

_TOLD_WHOLE = ("sales_trade",)
"""Of these the night itself shows all rows again: whom a sale is credited to is decided there."""


def show_closing(
    connection: duckdb.DuckDBPyConnection, settings: Settings, night: Night, closing: Closing
) -> None:
    """Show dbt the last day of a month: what the last batch before it said, and the events of the month."""
    assert night.previous is not None, "the first night closes no month"
    last = highest_sequences(lake_batches(settings))[night.previous]
    create_lake_views(connection, settings, night.batch)
    _keep_openings_and_closings(connection, night.previous, closing)
    create_lake_views(connection, settings, last)
    # what changes is known already: nothing of it is shown twice
    connection.execute("delete from pipeline.delivered_table")
    changing = {table.name: Sql("false") for table in load_contract().tables if table.kind != "F"}
    of_month = {table: _happened(table, [closing]) for table in _DATES}
    create_lake_views(connection, settings, night.batch, {**changing, **of_month})
    connection.execute("create or replace view lake.customer as from pipeline.told_opening")


def show_night(connection: duckdb.DuckDBPyConnection, settings: Settings, night: Night) -> None:
    """Show dbt the night's batch again, without the events that closings have counted."""
    show_no_closing(connection)
    create_lake_views(connection, settings, night.batch)
    report = read_report(settings, night.batch)
    assert report is not None, "a batch is in the lake before dbt looks at it"
    show_delivered(connection, report)
    still_to_count = {
        table: fill("not ({happened})", happened=_happened(table, night.closings))
        for table in _DATES
        if table not in _TOLD_WHOLE
    }
    create_lake_views(connection, settings, night.batch, still_to_count)


def note_closed(connection: duckdb.DuckDBPyConnection, closings: Iterable[Closing]) -> None:
    """Keep which months the night closes: they are confirmed and published with it."""
    connection.execute("delete from pipeline.closed_month")
    for closing in closings:
        connection.execute("insert into pipeline.closed_month values (?)", [closing.month])


def closed_months(connection: duckdb.DuckDBPyConnection) -> list[date]:
    """Months that the last night closed."""
    if ("pipeline", "closed_month") not in tables(connection):
        return []
    rows = connection.execute("select month_start_date from pipeline.closed_month order by 1").fetchall()
    return [month for (month,) in rows]


def _keep_openings_and_closings(
    connection: duckdb.DuckDBPyConnection, previous: date, closing: Closing
) -> None:
    """Keep who became a customer and which accounts closed in the month, as the next batch tells it."""
    connection.execute(
        """
        create or replace table pipeline.told_opening as
        select told.*
        from lake.customer as told
        anti join (
            from intermediate.int_customer__versions
            where known_from_date <= $known and (known_to_date is null or known_to_date > $known)
        ) as known
            on told.customer_id = known.customer_id
        where told.op <> 'D' and told.first_open_date between $first and $last
        """,
        {"first": closing.month, "last": closing.day, "known": closing.previous},
    )
    connection.execute(
        """
        create or replace table pipeline.told_closing as
        select account_id, close_date from lake.account
        where op <> 'D' and close_date between $first and $last
        """,
        # of earlier closings, too: the last batch knows of none of them
        {"first": previous.replace(day=1), "last": closing.day},
    )


def _happened(table: str, closings: Sequence[Closing]) -> Sql:
    """Condition that an event is of one of the months that are closed."""
    return fill(
        "coalesce(date_trunc('month', {day}) in ({months}), false)",
        day=name(_DATES[table]),
        months=join(", ", (value(closing.month) for closing in closings)),
    )
