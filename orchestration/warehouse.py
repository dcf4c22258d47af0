"""The private build database around dbt: tonight's views over the lake, and the state that nights carry.

dbt reads tonight's rows from the schemas ``lake`` and ``pipeline``; both are made here, anew for each
night. The state of the night before is left as it was, whatever an earlier attempt at tonight did to it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from contract.model import Table, load_contract
from orchestration.erased import show_erased
from orchestration.ingestion.lake import BatchReport, schema_sql, table_files
from orchestration.plan import Night
from orchestration.project import column_meta, model_meta, models
from orchestration.releases.catalog import Catalog, read_catalog
from orchestration.rules import tier_fingerprint
from orchestration.settings import BatchId, Settings, private_folder
from orchestration.sql import Sql, fill, join, name, value


@dataclass(frozen=True)
class KnownTable:
    """An extract table whose versions a model carries.

    Attributes:
        table: Name in the extract contract.
        model: Relation that carries its versions.
        names: The model's name of each contract column.
    """

    table: str
    model: tuple[str, str]
    names: Mapping[str, str]


def known_tables(manifest: Mapping[str, Any]) -> list[KnownTable]:
    """The extract tables that dbt's models keep versions of, by way of their staging models."""
    found = []
    for key, staged in manifest["nodes"].items():
        if key.split(".")[0] != "model" or not staged["original_file_path"].startswith("models/staging/"):
            continue
        tables = [source.split(".") for source in staged["depends_on"]["nodes"]]
        versions = [
            node
            for node in models(manifest)
            if model_meta(node).carried == "versions" and key in node["depends_on"]["nodes"]
        ]
        if versions:
            names = {
                column_meta(column).source_column or name: name for name, column in staged["columns"].items()
            }
            found.append(KnownTable(tables[0][-1], (versions[0]["schema"], versions[0]["name"]), names))
    return found


@contextmanager
def open_database(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the build database with the bank's limits, closed at the end."""
    private_folder(settings.database.parent)
    # nobody else reads it, and the newest format is written a tenth to a third faster; a file keeps its own
    with duckdb.connect(
        str(settings.database), config={"storage_compatibility_version": "latest"}
    ) as connection:
        connection.execute("set memory_limit = $limit", {"limit": settings.bank.memory_limit})
        connection.execute("set threads = $threads", {"threads": settings.bank.threads})
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set autoinstall_known_extensions = false")
        yield connection


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing of the statements inside."""
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


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
        show_erased(connection, settings, name("pipeline", "erased_customer"))
    create_lake_views(connection, settings, batch)
    _create_known_views(connection, previous, known)
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


def create_lake_views(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch: BatchId,
    only: Mapping[str, Sql] | None = None,
    more: Mapping[str, Sql] | None = None,
) -> None:
    """Make the ``lake`` views show tonight's rows without those that screening has refused so far.

    Args:
        only: Tables whose rows are shown, and which of them; all rows of all tables if it is not given.
        more: Relations with rows to show besides, by table.
    """
    refused_folder = settings.quarantine / batch.folder
    shown = [load_contract().table(table) for table in only] if only else load_contract().tables
    for table in shown:
        rows = _typed_rows(table, table_files(settings, table.name, batch))
        if only:
            rows = fill("select * from ({rows}) where {condition}", rows=rows, condition=only[table.name])
        connection.execute(
            fill("create or replace view {view} as {rows}", view=name("lake_raw", table.name), rows=rows)
        )
        screened = refused_folder / f"{table.name}.screened.parquet"
        accepted = fill(
            "select sent.* from {raw} as sent anti join read_parquet({path}) as refused"
            " on sent.source_file = refused.source_file and sent.source_row = refused.source_row",
            raw=name("lake_raw", table.name),
            path=value(screened),
        )
        shown_rows = accepted if screened.exists() else fill("from {raw}", raw=name("lake_raw", table.name))
        if more and table.name in more:
            shown_rows = fill("{rows} union all by name from {more}", rows=shown_rows, more=more[table.name])
        connection.execute(
            fill("create or replace view {view} as {rows}", view=name("lake", table.name), rows=shown_rows)
        )
    if only:
        return
    connection.execute(
        fill(
            "create or replace view pipeline.rejected_row as {rows}",
            rows=_refused_rows(sorted(refused_folder.glob("*.parquet"))),
        )
    )


def show_batch_gone(connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId) -> None:
    """Have the ``lake`` views show nothing of a batch that was taken out, instead of files that are gone."""
    shown = shown_night(connection)
    if shown is not None and shown.batch == batch:
        create_lake_views(connection, settings, batch)


def _typed_rows(table: Table, files: list[Path]) -> Sql:
    if files:
        # written before the contract had the column
        written = pq.read_schema(files[0]).names
        later = (
            fill(", cast(null as {type}) as {column}", type=Sql(data_type), column=name(column))
            for column, data_type in schema_sql(table)
            if column not in written
        )
        return fill(
            "select *{later} from read_parquet([{files}], hive_partitioning = false)",
            later=join("", later),
            files=join(", ", map(value, files)),
        )
    empty = (
        fill("cast(null as {type}) as {column}", type=Sql(data_type), column=name(column))
        for column, data_type in schema_sql(table)
    )
    return fill("select {columns} where false", columns=join(", ", empty))


def _refused_rows(files: list[Path]) -> Sql:
    columns = ("table_name", "row_key", "rule_code", "column_name", "source_file", "source_row")
    if files:
        return fill(
            "select {columns} from read_parquet([{files}])",
            columns=join(", ", map(name, columns)),
            files=join(", ", map(value, files)),
        )
    types = ("varchar",) * 5 + ("bigint",)
    empty = (
        fill("cast(null as {type}) as {column}", type=Sql(data_type), column=name(column))
        for column, data_type in zip(columns, types, strict=True)
    )
    return fill("select {columns} where false", columns=join(", ", empty))


def _create_known_views(
    connection: duckdb.DuckDBPyConnection, previous: date | None, known: Iterable[KnownTable]
) -> None:
    """What the bank has told of each thing up to and with tonight; references are checked against it."""
    carried = {table.table: table for table in known} if previous is not None else {}
    existing = tables(connection)
    for table in load_contract().tables:
        if table.kind == "E":
            continue
        tonight = fill("select * from {rows}", rows=name("lake", table.name))
        versions = carried.get(table.name)
        if table.kind == "D":
            tonight = fill("{tonight} where op <> 'D'", tonight=tonight)
        if table.kind == "D" and versions is not None and versions.model in existing and previous is not None:
            tonight = _known_versions(connection, table, versions, tonight, previous)
        connection.execute(
            fill("create or replace view {view} as {rows}", view=name("known", table.name), rows=tonight)
        )
    connection.execute(
        fill("create or replace view known.rate as {rows}", rows=_known_rates(existing, previous))
    )


def _known_versions(
    connection: duckdb.DuckDBPyConnection, table: Table, versions: KnownTable, tonight: Sql, previous: date
) -> Sql:
    """Tonight's rows, and what the night before knew of all other keys; of later nights nothing."""
    kept = {
        row[0]
        for row in connection.execute(
            "select column_name from duckdb_columns() where schema_name = ? and table_name = ?",
            versions.model,
        ).fetchall()
    }
    names = {ours: theirs for ours, theirs in versions.names.items() if theirs in kept}
    return fill(
        "select {columns} from ({tonight}) union all select {carried} from {model} as carried"
        " anti join {changes} as changes on {same}"
        " where carried.known_from_date <= {night}"
        " and (carried.known_to_date is null or carried.known_to_date > {night})",
        columns=join(", ", map(name, names)),
        tonight=tonight,
        carried=join(
            ", ",
            (
                fill("carried.{theirs} as {ours}", theirs=name(theirs), ours=name(ours))
                for ours, theirs in names.items()
            ),
        ),
        model=name(*versions.model),
        changes=name("lake", table.name),
        same=join(
            " and ",
            (
                fill("carried.{theirs} = changes.{ours}", theirs=name(names[key]), ours=name(key))
                for key in table.key
            ),
        ),
        night=value(previous),
    )


def _known_rates(existing: Collection[tuple[str, str]], previous: date | None) -> Sql:
    """Tonight's exchange rates, and those that the night before had last."""
    tonight = Sql("select currency, rate_date, mid_rate, true as is_tonight from lake.fx_rate")
    if previous is None or ("intermediate", "int_fx__rate_by_day") not in existing:
        return tonight
    return fill(
        """
        {tonight} union all
        select currency_code, rate_date, mid_rate, false
        from intermediate.int_fx__rate_by_day
        where rate_date is not null and calendar_date = {night} and business_date = {night}
        """,
        tonight=tonight,
        night=value(previous),
    )


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


def tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Schema and name of every table."""
    return set(connection.execute("select schema_name, table_name from duckdb_tables()").fetchall())
