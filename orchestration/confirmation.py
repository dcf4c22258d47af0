"""Confirmed months (客户级别确认) and sales credits (业绩分录) live in the releases, not in the build.

A release is never changed, and every release holds all that the one published before it had confirmed. So
the newest publication is the record: the build database can be thrown away, and nights can be replayed,
without losing or repeating a confirmation or a credit. A night sees that record in the schema ``confirmed``,
adds what it finds changed, and publishes both; models/intermediate/confirmation and
models/marts/sales/ledger/fct_sales_credit say how.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import duckdb

from orchestration.ingestion.lake import lake_batches
from orchestration.plan import first_month
from orchestration.project import model_meta, models
from orchestration.releases.catalog import read_catalog
from orchestration.releases.keys import HASH_KEY, read_key
from orchestration.releases.marts import Mart, marts_from_manifest
from orchestration.releases.on_disk import ReleaseInfo, current_release, releases
from orchestration.settings import BatchId, Settings
from orchestration.sql import Sql, fill, join, name, value
from orchestration.warehouse import hash_by

_BEFORE_CURRENCIES = {
    # until then every amount was counted at its face value
    "currency_code": "reporting_currency",
    "credit_reporting_amt": "credit_amt",
    "credit_fee_income_reporting_amt": "credit_fee_income_amt",
}
"""What stands for columns of the ledger in a release that did not have them yet."""


def show_confirmed(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    manifest: Mapping[str, Any],
    business_date: date,
    restated_by: Iterable[BatchId],
    restated_from: Mapping[BatchId, date] | None = None,
) -> None:
    """Show a night what was confirmed and credited, and whether the build database's tables still say so.

    They do if the last night that touched them came to its end; else the build puts them back from here.

    Args:
        restated_by: Re-sent or late batches that may change closed months.
        restated_from: Batches whose merges were restated by command, with the first day that this changes.
    """
    marts = released_marts(manifest)
    hash_by(connection, read_key(settings, HASH_KEY))
    published, current = releases(settings), current_release(settings)
    newest = published[-1] if published else None
    connection.execute("create schema if not exists confirmed")
    for mart in marts:
        connection.execute(
            fill(
                "create or replace view {view} as {rows}",
                view=name("confirmed", mart.name),
                rows=_rows(mart, newest, settings.bank.reporting_currency),
            )
        )
    complete, replayed_from = _last_night(connection)
    is_in_sync = newest is not None and complete == newest.name
    if newest is not None and business_date <= newest.business_date:
        replayed_from = min(business_date, replayed_from or business_date)
    # a replay's nights are shown by the release that ends it, and that is when they are confirmed
    connection.execute(
        "create or replace table pipeline.confirmation as"
        " select $date::date as confirmed_date, $sync::boolean as is_in_sync, $replayed::date as"
        " replayed_from_date, $newest::varchar as newest, null::varchar as release",
        {
            "date": max([business_date, *([current.business_date] if current else [])]),
            "sync": is_in_sync,
            "replayed": replayed_from,
            "newest": newest.name if newest else None,
        },
    )
    known = [batch.business_date for batch in lake_batches(settings)]
    causes = {batch: first_month(batch.business_date, known) for batch in restated_by}
    for batch, day in (restated_from or {}).items():
        causes[batch] = min(day.replace(day=1), causes.get(batch, day))
    _note_causes(connection, causes)


def released_marts(manifest: Mapping[str, Any]) -> list[Mart]:
    """Marts of which a release keeps every row for good."""
    kept = {node["name"] for node in models(manifest) if model_meta(node).carried == "released"}
    return [mart for mart in marts_from_manifest(manifest) if mart.name in kept]


def note_complete(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Note that the tables hold what the newest release holds, and what nights replayed since have found."""
    newest = releases(settings)[-1:]
    # a night that was published has compared all that was replayed before it with the ledger
    connection.execute(
        "update pipeline.confirmation set release = $release, replayed_from_date ="
        " case when newest is not distinct from $release then replayed_from_date end",
        {"release": newest[0].name if newest else None},
    )


def repeated_release(connection: duckdb.DuckDBPyConnection, business_date: date) -> str | None:
    """The newest release, if this night has made it before and now ran again on what was built for it.

    None on any other night, and where what an earlier night had built is not known to have stayed: it ran
    again, too, a run was cut short, or the build database is a new one.
    """
    row = connection.execute(
        "select newest from pipeline.confirmation where is_in_sync and replayed_from_date = ?",
        [business_date],
    ).fetchone()
    return None if row is None else row[0]


def _last_night(connection: duckdb.DuckDBPyConnection) -> tuple[str | None, date | None]:
    """Newest release when the last night ended, and the first night replayed since a publication."""
    try:
        row = connection.execute("select release, replayed_from_date from pipeline.confirmation").fetchone()
    except (duckdb.CatalogException, duckdb.BinderException):
        return None, None
    return (None, None) if row is None else (row[0], row[1])


def _rows(mart: Mart, newest: ReleaseInfo | None, currency: str) -> Sql:
    folder = None if newest is None else newest.folder / "parquet" / mart.schema_name / mart.name
    if newest is not None and folder is not None and any(folder.rglob("*.parquet")):
        published = _published_columns(newest, mart)
        return fill(
            "select {columns} from read_parquet({files}, hive_partitioning = false)",
            columns=join(
                ", ",
                (
                    name(column) if column in published else _before(column, currency)
                    for column in mart.column_names
                ),
            ),
            files=value(folder / "**" / "*.parquet"),
        )
    empty = (
        fill(
            "cast(null as {type}) as {column}",
            type=Sql(column.data_type or "varchar"),
            column=name(column.name),
        )
        for column in mart.columns
    )
    return fill("select {columns} where false", columns=join(", ", empty))


def _published_columns(release: ReleaseInfo, mart: Mart) -> set[str]:
    catalog = read_catalog(release.folder)
    assert catalog is not None, f"{release.name} is a release because its catalogue can be read"
    return {
        column.name
        for table in catalog.tables
        if (table.schema_name, table.name) == (mart.schema_name, mart.name)
        for column in table.columns
    }


def _before(column: str, currency: str) -> Sql:
    source = _BEFORE_CURRENCIES[column]
    known = value(currency) if source == "reporting_currency" else name(source)
    return fill("{known} as {column}", known=known, column=name(column))


def _note_causes(connection: duckdb.DuckDBPyConnection, causes: Mapping[BatchId, date]) -> None:
    connection.execute(
        "create or replace table pipeline.restating_batch"
        " (business_date date, sequence integer, first_month_date date)"
    )
    if causes:
        connection.executemany(
            "insert into pipeline.restating_batch values (?, ?, ?)",
            [(batch.business_date, batch.sequence, since) for batch, since in sorted(causes.items())],
        )
