"""A release's DuckDB file: an older release's with the stale months replaced, or written whole.

Rows come from the release's Parquet files, which are sorted already. The file keeps the storage format of
DuckDB 1.0, so that the clients inside today's BI tools open it.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.publication.quality import DATA_AS_OF, RELEASE_BATCH
from orchestration.publication.reporting import create_views
from orchestration.publication.survey import BuiltTable, row_counts
from orchestration.releases.catalog import Catalog, CatalogColumn, CatalogMacro, CatalogTable
from orchestration.releases.marts import Mart
from orchestration.releases.on_disk import DATABASE_FILE
from orchestration.sql import Sql, fill, join, name, value

MAX_FREE_SHARE = 0.5
"""Share of unused blocks above which a cloned file is written anew."""

_MACROS = "int_tier__what_if"
"""Model that renders the published table macros."""

_MANY_VALUES = ("customer_id", "account_id")
_FEW_VALUES = ("_code", "_version", "org_id", "employee_id")
"""Endings of text columns of which rows have few different values."""

StaleMonths = Mapping[str, frozenset[date | None]]


def write_database(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    catalog: Catalog,
    held: Catalog | None = None,
) -> bool:
    """Write the database that the catalogue describes into a release's folder.

    Args:
        connection: Publishing connection; ``release`` is not attached to it.
        folder: The release's folder; it holds the Parquet files that ``catalog`` lists.
        catalog: Tables to write.
        held: What the database in the folder holds, to be brought up to date; none writes a new one whole.

    Returns:
        Whether the file is compact. Only one that held something can fail to be.
    """
    path = folder / DATABASE_FILE
    if held is None:
        path.unlink(missing_ok=True)
    stale = stale_files(catalog, held)
    connection.execute(fill("attach {path} as release (storage_version 'v1.0.0')", path=value(path)))
    if held is None:
        _create_tables(connection, catalog)
    else:
        _delete_stale(connection, catalog, stale)
        # frees the blocks of the deleted rows before new ones are asked for, else the file grows
        connection.execute("checkpoint release")
    connection.execute("begin")
    for table in catalog.tables:
        _insert(connection, folder, table, stale[table.full_name])
    _insert_data_as_of(connection, catalog)
    # what views and macros say must not name the database: readers open the file under names of their own
    connection.execute("use release")
    _create_macros(connection, catalog)
    create_views(connection, catalog)
    connection.execute("use memory")
    described = {} if held is None else {table.full_name: table.texts for table in held.tables}
    for table in catalog.tables:
        if table.texts != described.get(table.full_name):
            _comment(connection, table)
    connection.execute("commit")
    connection.execute("checkpoint release")
    is_compact = _free_share(connection) <= MAX_FREE_SHARE
    connection.execute("detach release")
    return is_compact


def stale_files(catalog: Catalog, held: Catalog | None) -> StaleMonths:
    """Months of each table whose Parquet files are not those of an older catalogue; None is a whole table."""
    old = {} if held is None else {table.full_name: table for table in held.tables}
    stale = {}
    for table in catalog.tables:
        now, before = _checksums(table), _checksums(old.get(table.full_name))
        stale[table.full_name] = frozenset(
            month for month in now.keys() | before.keys() if now.get(month) != before.get(month)
        )
    return stale


def mismatches(
    connection: duckdb.DuckDBPyConnection, folder: Path, tables: Sequence[BuiltTable]
) -> list[str]:
    """Reopen a database read-only; name the tables whose row counts differ from the build database's."""
    path = value(folder / DATABASE_FILE)
    connection.execute(fill("attach {path} as written (read_only)", path=path))
    wrong = [
        table.mart.full_name
        for table in tables
        if row_counts(connection, "written", table.mart, expected=table.counts) != table.counts
    ]
    connection.execute("detach written")
    return wrong


def _checksums(table: CatalogTable | None) -> dict[date | None, str]:
    return {} if table is None else {file.month_start_date: file.sha256 for file in table.files}


def _name(table: CatalogTable | Mart, *column: str) -> Sql:
    return name("release", table.schema_name, table.name, *column)


def _create_tables(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    for table in catalog.tables:
        schema = name("release", table.schema_name)
        connection.execute(fill("create schema if not exists {schema}", schema=schema))
        columns = join(
            ", ",
            (Sql(f"{name(column.name)} {column.data_type}{_stored(column)}") for column in table.columns),
        )
        connection.execute(fill("create table {table} ({columns})", table=_name(table), columns=columns))
    # the view's text must not name the database: readers open the file under names of their own
    connection.execute("use release")
    connection.execute("create view main.data_as_of as select * from quality.data_as_of")
    connection.execute("use memory")


def _stored(column: CatalogColumn) -> str:
    """How a text column is compressed; DuckDB would try every way on each, a fifth of the time it writes."""
    if column.data_type.lower() != "varchar":
        return ""
    if column.name in _MANY_VALUES:
        return " using compression 'fsst'"
    return " using compression 'dictionary'" if column.name.endswith(_FEW_VALUES) else ""


def rendered_macros(connection: duckdb.DuckDBPyConnection) -> tuple[CatalogMacro, ...]:
    """The table macros whose text dbt has rendered in the attached ``build`` database."""
    is_rendered = connection.execute(
        "select count(*) from duckdb_tables() where database_name = 'build' and table_name = ?", [_MACROS]
    ).fetchone()
    if is_rendered == (0,):
        return ()
    macros = connection.execute(
        fill(
            "select schema_name, macro_name, parameters, macro_sql from {table} order by creation_order",
            table=name("build", "intermediate", _MACROS),
        )
    ).fetchall()
    return tuple(
        CatalogMacro(schema_name=schema, name=macro, parameters=parameters, query=query)
        for schema, macro, parameters, query in macros
    )


def _create_macros(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    for macro in catalog.macros:
        create = fill(
            "create or replace macro {macro} ({parameters}) as table {query}",
            macro=name(macro.schema_name, macro.name),
            parameters=Sql(macro.parameters),
            query=Sql(macro.query),
        )
        connection.execute(create)


def _delete_stale(connection: duckdb.DuckDBPyConnection, catalog: Catalog, stale: StaleMonths) -> None:
    connection.execute("begin")
    for table in catalog.tables:
        # the two that tell of the release itself have no files
        if table.partition is None and (stale[table.full_name] or not table.files):
            connection.execute(fill("delete from {table}", table=_name(table)))
        elif table.partition is not None:
            delete = fill(
                "delete from {table} where {month} = ?", table=_name(table), month=name(table.partition)
            )
            for month in stale[table.full_name]:
                connection.execute(delete, [month])
    connection.execute("commit")


def _insert(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: CatalogTable, stale: frozenset[date | None]
) -> None:
    paths = [str(folder / file.path) for file in table.files if file.month_start_date in stale]
    if paths:
        insert = "insert into {table} by name select * from read_parquet(?, hive_partitioning = false)"
        connection.execute(fill(insert, table=_name(table)), [paths])


def _insert_data_as_of(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    as_of = catalog.data_as_of
    row = (
        as_of.business_date,
        as_of.sequence,
        as_of.rulebook_code,
        as_of.reporting_currency,
        catalog.release,
    )
    connection.execute(fill("insert into {table} values (?, ?, ?, ?, ?)", table=_name(DATA_AS_OF)), row)
    dates = [batch.business_date for batch in catalog.batches]
    sequences = [batch.sequence for batch in catalog.batches]
    insert = fill("insert into {table} select unnest(?), unnest(?)", table=_name(RELEASE_BATCH))
    connection.execute(insert, [dates, sequences])


def _comment(connection: duckdb.DuckDBPyConnection, table: CatalogTable) -> None:
    remark = value(_remark(table.zh, table.description))
    connection.execute(fill("comment on table {table} is {remark}", table=_name(table), remark=remark))
    for column in table.columns:
        deprecated = f"DEPRECATED, may be gone from {column.gone_from}" if column.gone_from else ""
        remark = value(_remark(column.zh, deprecated, column.description))
        place = _name(table, column.name)
        connection.execute(fill("comment on column {place} is {remark}", place=place, remark=remark))


def _remark(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _free_share(connection: duckdb.DuckDBPyConnection) -> float:
    total, free = connection.execute(
        "select total_blocks, free_blocks from pragma_database_size() where database_name = 'release'"
    ).fetchone() or (0, 0)
    return float(free / total) if total else 0.0
