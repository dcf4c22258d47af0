"""A month is closed before the first night of the next one, as its own last day knew it.

What the batch of that night says of customers, accounts, products and balances is the later month's. Only
what has happened in the closed month is added to it, from this one batch: transactions, fees, costs, trades.

- A month that ended without a batch: its last day is computed as a night of its own, by what the last batch
  of the month says. It comes out as if the last day had had a batch with nothing new in it.
- A month that had a batch on its last day was closed by that. If the next batch brings something that
  happened in it, the day is computed anew: by its own batch and these events.

What happened to an account, card or customer that the month did not know counts in the month that first does.
Whom a sale is credited to is not part of it: the ledger has entries on business dates only. The night itself
confirms the month.
"""

from collections.abc import Callable, Iterable
from datetime import date

import duckdb

from contract.model import load_contract
from orchestration.ingestion.lake import lake_batches, read_report
from orchestration.plan import Closing, Night, highest_sequences
from orchestration.settings import Settings
from orchestration.sql import Sql, fill, join, name, value
from orchestration.warehouse import create_lake_views, show_delivered, show_no_closing, tables

EVENT_DATES = {
    "transaction": "txn_date",
    "card_txn": "txn_date",
    "fee_income": "income_date",
    "cost_pool": "cost_month",
    "risk_parameter": "risk_month",
    "sales_trade": "trade_date",
}
"""The day or month on which each event happened."""

_HAPPENS_TO = {
    "transaction": ("account_id", "int_account__versions"),
    "card_txn": ("card_id", "int_card__versions"),
    "fee_income": ("customer_id", "int_customer__versions"),
}
"""Whom an event happens to, and the model that says who was known when."""

_LAST_WORD_COUNTS = ("risk_parameter",)
"""What is told again replaces what was told of the same month; of events the first word counts."""

_NOTED_LATER = {"told_later_txn": "transaction", "told_later_card_txn": "card_txn"}
"""Events whose night is looked at besides the month that counts them, by the table that says which."""

_TOLD_WHOLE = ("sales_trade",)
"""Of these the night itself shows all rows again: whom a sale is credited to is decided there."""


def show_closing(
    connection: duckdb.DuckDBPyConnection, settings: Settings, night: Night, closing: Closing
) -> None:
    """Show dbt the last day of a month without a batch of its own: the last batch, and the month's events."""
    assert night.previous is not None, "the first night closes no month"
    last = highest_sequences(lake_batches(settings))[night.previous]
    create_lake_views(connection, settings, night.batch)
    _keep_openings_and_closings(connection, night.previous, closing)
    _keep_unknown(connection, night.previous, night.batch.business_date.replace(day=1))
    create_lake_views(connection, settings, last)
    # what changes is known already: nothing of it is shown twice
    connection.execute("delete from pipeline.delivered_table")
    changing = {table.name: Sql("false") for table in load_contract().tables if table.kind != "F"}
    of_month = {table: _happened(table, closing.day) for table in EVENT_DATES}
    create_lake_views(connection, settings, night.batch, {**changing, **of_month})
    connection.execute("create or replace view lake.customer as from pipeline.told_opening")
    _note_told_later(connection, lambda table: name("lake", table))


def keep_told_later(connection: duckdb.DuckDBPyConnection, settings: Settings, night: Night) -> bool:
    """Keep what the night's batch tells of the month that ended with the night before.

    Returns:
        Whether that day has to be computed anew: there is something, or there was when it was computed last.
    """
    last_day = night.ends_month_of
    assert last_day is not None, "the night before was the last day of its month"
    own = highest_sequences(lake_batches(settings))[last_day]
    create_lake_views(connection, settings, night.batch)
    _keep_unknown(connection, last_day, night.batch.business_date.replace(day=1))
    counts = [_keep(connection, table, last_day) for table in EVENT_DATES]
    if any(counts):
        create_lake_views(connection, settings, own, {table: Sql("true") for table in EVENT_DATES})
        counts = [_keep_new(connection, table) for table in EVENT_DATES]
        # the night goes on from its own batch, whether the day is computed anew or not
        create_lake_views(connection, settings, night.batch)
    connection.execute("create table if not exists pipeline.computed_anew (business_date date primary key)")
    before = connection.execute(
        "select count(*) from pipeline.computed_anew where business_date = ?", [last_day]
    ).fetchone()
    return any(counts) or before != (0,)


def note_computed_anew(connection: duckdb.DuckDBPyConnection, last_day: date) -> None:
    """Keep that a day's state is about to hold more than its own batch told."""
    connection.execute("insert or ignore into pipeline.computed_anew values (?)", [last_day])


def show_again(connection: duckdb.DuckDBPyConnection, settings: Settings, closing: Closing) -> None:
    """Show dbt the last day of a month once more: its own batch, and what was told of the month later."""
    assert closing.own is not None, "the day had a batch"
    report = read_report(settings, closing.own)
    assert report is not None, "a batch that was processed is in the lake"
    show_no_closing(connection)
    show_delivered(connection, report)
    create_lake_views(connection, settings, closing.own)
    before = closing.previous_batch
    own = dict.fromkeys(EVENT_DATES, Sql("true"))
    if before is not None:
        _keep_unknown(connection, before, closing.month)
        own = {table: _not_counted_before(table, before, closing.day) for table in EVENT_DATES}
    for table in _LAST_WORD_COUNTS:
        own[table] = fill(
            "{own} and ({key}) not in (select ({key}) from {later})",
            own=own[table],
            key=_key(table),
            later=_later(table),
        )
    create_lake_views(connection, settings, closing.own, own, {table: _later(table) for table in EVENT_DATES})
    _note_told_later(connection, _later)


def show_night(connection: duckdb.DuckDBPyConnection, settings: Settings, night: Night) -> None:
    """Show dbt the night's batch again, without what closings have counted."""
    assert night.previous is not None, "the first night closes no month"
    show_no_closing(connection)
    create_lake_views(connection, settings, night.batch)
    _keep_unknown(connection, night.previous, night.batch.business_date.replace(day=1))
    report = read_report(settings, night.batch)
    assert report is not None, "a batch is in the lake before dbt looks at it"
    show_delivered(connection, report)
    day = night.batch.business_date
    still_to_count = {
        table: _not_counted_before(table, night.previous, day)
        for table in EVENT_DATES
        if table not in _TOLD_WHOLE
    }
    create_lake_views(connection, settings, night.batch, still_to_count)
    connection.execute("drop table if exists pipeline.told_opening")
    for table in EVENT_DATES:
        connection.execute(fill("drop table if exists {later}", later=_later(table)))


def note_closed(connection: duckdb.DuckDBPyConnection, night: Night, closings: Iterable[Closing]) -> None:
    """Keep which months the night's batch closes: they are confirmed and published with it."""
    connection.execute("create schema if not exists pipeline")
    connection.execute(
        "create or replace table pipeline.closed_month"
        " (month_start_date date, business_date date, sequence integer)"
    )
    for closing in closings:
        connection.execute(
            "insert into pipeline.closed_month values (?, ?, ?)",
            [closing.month, night.batch.business_date, night.batch.sequence],
        )


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


def _keep_unknown(connection: duckdb.DuckDBPyConnection, known_on: date, first_open: date) -> None:
    """Keep which events of earlier months no closing counts: of what nobody knew then.

    Args:
        known_on: Business date of the last batch before the shown one.
        first_open: First day of the shown batch's month.
    """
    connection.execute(
        "create or replace table pipeline.unknown_event"
        " (table_name varchar, source_file varchar, source_row bigint)"
    )
    for table, (key, versions) in _HAPPENS_TO.items():
        connection.execute(
            fill(
                """
                insert into pipeline.unknown_event
                select {table_name}, told.source_file, told.source_row
                from {rows} as told
                anti join (
                    from {versions}
                    where known_from_date <= {known_on}
                    and (known_to_date is null or known_to_date > {known_on})
                ) as known
                    on told.{key} = known.{key}
                {opened}
                where told.{day} < {first_open}
                """,
                table_name=value(table),
                rows=name("lake", table),
                versions=name("intermediate", versions),
                key=name(key),
                day=name(EVENT_DATES[table]),
                known_on=value(known_on),
                first_open=value(first_open),
                opened=_NOT_OPENED if table == "fee_income" else Sql(""),
            ),
            {"known_on": known_on} if table == "fee_income" else {},
        )


_NOT_OPENED = Sql(
    # a month that ended without a batch knows whom the next one says to have come in it
    "anti join lake.customer as opened on told.customer_id = opened.customer_id and opened.op <> 'D'"
    " and opened.first_open_date <= last_day(told.income_date) and last_day(told.income_date) > $known_on"
)


def _keep(connection: duckdb.DuckDBPyConnection, table: str, last_day: date) -> int:
    """Keep the shown events of the month that a day ends; returns their number."""
    connection.execute(
        fill(
            "create or replace table {later} as from {rows} where {happened}",
            later=_later(table),
            rows=name("lake", table),
            happened=_happened(table, last_day),
        )
    )
    return _count(connection, _later(table))


def _keep_new(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Forget what the shown batch has told already; returns the number of those left."""
    if table not in _LAST_WORD_COUNTS:
        connection.execute(
            fill(
                "delete from {later} where ({key}) in (select ({key}) from {rows})",
                later=_later(table),
                key=_key(table),
                rows=name("lake", table),
            )
        )
    return _count(connection, _later(table))


def _note_told_later(connection: duckdb.DuckDBPyConnection, rows: Callable[[str], Sql]) -> None:
    """Say which transactions the night's batch tells, and not that of the day that is built."""
    for noted, table in _NOTED_LATER.items():
        connection.execute(
            fill(
                "create or replace table {noted} as select txn_id from {rows}",
                noted=name("pipeline", noted),
                rows=rows(table),
            )
        )


def _count(connection: duckdb.DuckDBPyConnection, relation: Sql) -> int:
    row = connection.execute(fill("select count(*) from {relation}", relation=relation)).fetchone()
    assert row is not None, "an aggregate has a row"
    return int(row[0])


def _later(table: str) -> Sql:
    return name("pipeline", f"later_{table}")


def _key(table: str) -> Sql:
    return join(", ", map(name, load_contract().table(table).key))


def _happened(table: str, last_day: date) -> Sql:
    """Condition that an event is of the month that a day ends, and is counted there."""
    return fill(
        "coalesce({day} between {first} and {last}, false) and {known}",
        day=name(EVENT_DATES[table]),
        first=value(last_day.replace(day=1)),
        last=value(last_day),
        known=_known(table),
    )


def _not_counted_before(table: str, previous: date, day: date) -> Sql:
    """Condition that an event of a day's batch is of no month that was closed since the batch before it."""
    return fill(
        "not (coalesce({day} >= {first} and {day} < {first_open}, false) and {known})",
        day=name(EVENT_DATES[table]),
        first=value(previous.replace(day=1)),
        first_open=value(day.replace(day=1)),
        known=_known(table),
    )


def _known(table: str) -> Sql:
    if table not in _HAPPENS_TO:
        return Sql("true")
    return fill(
        "(source_file, source_row) not in ("
        "select (source_file, source_row) from pipeline.unknown_event where table_name = {table})",
        table=value(table),
    )
