"""What the build database is shown of tonight, and which nights it holds."""

from collections.abc import Iterable
from datetime import date

import duckdb

from orchestration.erased import show_erased
from orchestration.ingestion.lake import BatchReport
from orchestration.plan import Night
from orchestration.releases.catalog import Catalog, read_catalog
from orchestration.rules import tier_fingerprint
from orchestration.settings import BatchId, Settings
from orchestration.sql import fill, name, value
from orchestration.warehouse.database import tables, transaction
from orchestration.warehouse.known import KnownTable, create_known_views
from orchestration.warehouse.lake_views import create_lake_views


def prepare_night(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    report: BatchReport,
    previous: date | None,
    known: Iterable[KnownTable],
) -> None:
    """Show the database tonight's batch. What nights carry stays as it is: a batch may not be fit to load.

    Args:
        previous: Business date of the night before; None on the first night.
        known: Tables whose versions say what was known then, from :func:`known_tables`.
    """
    batch = BatchId(report.business_date, report.sequence)
    with transaction(connection):
        for schema in ("lake", "lake_raw", "known", "pipeline", "quality"):
            connection.execute(fill("create schema if not exists {schema}", schema=name(schema)))
        connection.execute(
            "create or replace table pipeline.tonight as select $date::date as business_date,"
            " $sequence::integer as sequence, $previous::date as previous_business_date,"
            " $is_initial::boolean as is_initial",
            {
                "date": batch.business_date,
                "sequence": batch.sequence,
                "previous": previous,
                "is_initial": report.is_initial,
            },
        )
        show_delivered(connection, report)
        show_no_closing(connection)
        # filled by whoever runs nights, from what the log says (orchestration/merges.py)
        connection.execute(
            "create table if not exists pipeline.restated_merge"
            " (customer_id varchar, golden_id varchar, from_date date, to_date date)"
        )
        show_erased(connection, settings, name("pipeline", "erased_customer"))
    create_lake_views(connection, settings, batch)
    create_known_views(connection, previous, known)
    _create_last_release_views(connection, settings, batch)


def show_no_closing(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave the night's own word on accounts; see :mod:`orchestration.closing`."""
    connection.execute("create or replace table pipeline.told_closing (account_id varchar, close_date date)")
    for table in ("told_later_txn", "told_later_card_txn"):
        connection.execute(
            fill("create or replace table {table} (txn_id varchar)", table=name("pipeline", table))
        )


def show_delivered(connection: duckdb.DuckDBPyConnection, report: BatchReport) -> None:
    """Show which tables a batch brought, and how."""
    connection.execute(
        "create or replace table pipeline.delivered_table (table_name varchar, load_code varchar)"
    )
    connection.executemany(
        "insert into pipeline.delivered_table values (?, ?)",
        [(table, delivered.load) for table, delivered in report.tables.items()],
    )


def show_batch_gone(connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId) -> None:
    """Have the ``lake`` views show nothing of a batch that was taken out, instead of files that are gone."""
    shown = shown_night(connection)
    if shown is not None and shown.batch == batch:
        create_lake_views(connection, settings, batch)


def _create_last_release_views(
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId
) -> None:
    """Show the current release, unless it is of a later night than tonight (a replay)."""
    connection.execute("drop schema if exists last_release cascade")
    connection.execute("create schema last_release")
    current = settings.published / "current"
    if not current.exists() or current.resolve().name.rpartition(".")[0] > str(batch.business_date):
        return
    catalog = read_catalog(current.resolve())
    same_rules = catalog is not None and _judged_alike(catalog, settings)
    for table in sorted((current.resolve() / "parquet" / "customer_value").glob("*")):
        # under other rules every tier may differ, and nothing is wrong
        if not same_rules and "tier" in table.name:
            continue
        connection.execute(
            fill(
                "create view {view} as select * from read_parquet({files}, hive_partitioning = false)",
                view=name("last_release", table.name),
                files=value(table / "**" / "*.parquet"),
            )
        )


def _judged_alike(catalog: Catalog, settings: Settings) -> bool:
    """Whether a release's tiers are by the rules of now."""
    as_of, rulebook = catalog.data_as_of, settings.bank.rulebook
    return as_of.rulebook_code == rulebook and catalog.rules in (
        "",  # a release from before rules were noted
        tier_fingerprint(rulebook, as_of.business_date),
    )


def shown_night(connection: duckdb.DuckDBPyConnection) -> Night | None:
    """The night whose batch the database shows; none before the first."""
    if ("pipeline", "tonight") not in tables(connection):
        return None
    row = connection.execute(
        "select business_date, sequence, previous_business_date from pipeline.tonight"
    ).fetchone()
    return None if row is None else Night(BatchId(row[0], row[1]), row[2])


def begin_build(connection: duckdb.DuckDBPyConnection, night: Night) -> None:
    """Let dbt build a night: nights after the one before it wait again, since their rows are about to go.

    dbt has to name the night in its variable ``night`` (``macros/by_hand.sql``).
    """
    with transaction(connection):
        connection.execute(
            "create table if not exists pipeline.night"
            " (business_date date primary key, sequence integer, has_state boolean)"
        )
        connection.execute(
            "delete from pipeline.night where business_date > coalesce($previous::date, date '0001-01-01')",
            {"previous": night.previous},
        )
        forget_publishing(connection)
        connection.execute(
            "create table if not exists pipeline.computed_anew (business_date date primary key)"
        )
        connection.execute(
            "delete from pipeline.computed_anew"
            " where business_date > coalesce($previous::date, date '0001-01-01')",
            {"previous": night.previous},
        )
        connection.execute(
            "create or replace table pipeline.building as select $night::varchar as night",
            {"night": str(night)},
        )


def forget_publishing(connection: duckdb.DuckDBPyConnection) -> None:
    """What is built is about to change, or releases are; or the night is done. See ``finishing.py``."""
    connection.execute("drop table if exists pipeline.publishing")


def end_build(connection: duckdb.DuckDBPyConnection) -> None:
    """No night may be built any more."""
    connection.execute("drop table if exists pipeline.building")
