"""A release once more, with a part of its rows: files that keep all their rows are shared.

The database is written whole, since what was deleted from a DuckDB file may still be read in its free blocks.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.interrupts import connect
from orchestration.publication.database import write_database
from orchestration.publication.parquet import COPY
from orchestration.releases.catalog import Catalog, CatalogFile, CatalogTable, parquet_path
from orchestration.releases.files import link_file, remove, sha256
from orchestration.settings import PRIVATE_DIR, Settings
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value

_SPILL = ".spill"

Condition = Callable[[CatalogTable], Sql | None]
"""Which rows of a table stay; None where the table itself does not."""

RENAMED = name("memory", "main", "renamed_key")
"""Table of a writing connection: keys that leave under another text, ``old_key`` and ``new_key``."""

Columns = Callable[[CatalogTable], Sequence[str]]
"""Columns of a table that may hold a renamed key."""


def _no_columns(table: CatalogTable) -> Sequence[str]:
    return ()


@contextmanager
def filtering(settings: Settings, building: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that writes a release into a new folder; the folder goes if it is not finished."""
    if building.exists():
        remove(building)
    building.mkdir(mode=PRIVATE_DIR, parents=True)
    try:
        with connect(
            config={
                "threads": settings.bank.threads,
                "memory_limit": settings.bank.memory_limit,
                "temp_directory": str(building / _SPILL),
                "default_null_order": "nulls_first",
                "autoinstall_known_extensions": False,
            }
        ) as connection:
            yield connection
    finally:
        if building.exists():
            remove(building)


def write_filtered(
    connection: duckdb.DuckDBPyConnection,
    old: Path,
    new: Path,
    catalog: Catalog,
    condition: Condition,
    *,
    has_database: bool = True,
    renamed: Columns = _no_columns,
) -> Catalog:
    """Write the rows that stay, as Parquet files, database and catalogue.

    Args:
        old: Folder of the release.
        new: Folder to write into; it is there.
        catalog: The release's catalogue, as the new one shall begin.
        condition: Rows that stay.
        has_database: Whether a database is wanted.
        renamed: Columns in which keys of ``RENAMED`` are replaced; there is such a table then.

    Returns:
        The new catalogue, which is written.
    """
    tables = []
    for table in catalog.tables:
        stays = condition(table)
        if stays is not None:
            tables.append(_filtered(connection, old, new, table, stays, renamed(table)))
    written = catalog.model_copy(update={"tables": tuple(tables)})
    if has_database:
        write_database(connection, new, written)
    written.write(new)
    if (new / _SPILL).exists():
        remove(new / _SPILL)
    return written


def holds_other_rows(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    catalog: Catalog,
    condition: Condition,
    renamed: Columns = _no_columns,
) -> bool:
    """Whether a release holds rows that would not stay, or not as they are."""
    return any(
        _count(connection, folder / file.path, unchanged) < file.row_cnt
        for table in catalog.tables
        if (stays := condition(table)) is not None
        and (unchanged := _unchanged(stays, renamed(table))) != EVERY_ROW
        for file in table.files
    )


def _filtered(
    connection: duckdb.DuckDBPyConnection,
    old: Path,
    new: Path,
    table: CatalogTable,
    stays: Sql,
    renamed: Sequence[str],
) -> CatalogTable:
    files = []
    unchanged = _unchanged(stays, renamed)
    for file in table.files:
        same = file.row_cnt if unchanged == EVERY_ROW else _count(connection, old / file.path, unchanged)
        if same == file.row_cnt:
            link_file(old / file.path, new / file.path)
            files.append(file)
        elif table.partition is None or _count(connection, old / file.path, stays):
            files.append(_write(connection, old, new, table, file, stays, renamed))
    if table.files and not files:
        # a table that has lost all its months is one file without rows
        last = table.files[0]
        whole = last.model_copy(update={"month_start_date": None})
        files.append(_write(connection, old, new, table, whole, stays, (), str(parquet_path(table, None))))
    lost = sum(file.row_cnt for file in table.files) - sum(file.row_cnt for file in files)
    return table.model_copy(update={"files": tuple(files), "row_cnt": table.row_cnt - lost})


def _unchanged(stays: Sql, renamed: Sequence[str]) -> Sql:
    """Condition on rows that stay as they are."""
    query = "coalesce({column}, '') not in (select old_key from {renamed})"
    return (
        join(" and ", [stays, *(fill(query, column=name(c), renamed=RENAMED) for c in renamed)])
        if renamed
        else stays
    )


def _replaced(renamed: Sequence[str]) -> Sql:
    if not renamed:
        return Sql("")
    new = "coalesce((select new_key from {renamed} where old_key = {column}), {column}) as {column}"
    columns = join(", ", (fill(new, renamed=RENAMED, column=name(c)) for c in renamed))
    return fill("replace ({columns})", columns=columns)


def _count(connection: duckdb.DuckDBPyConnection, path: Path, condition: Sql) -> int:
    query = "select count(*) from read_parquet({path}, hive_partitioning = false) where {condition}"
    (rows,) = connection.execute(fill(query, path=value(path), condition=condition)).fetchone() or (0,)
    return int(rows)


def _write(
    connection: duckdb.DuckDBPyConnection,
    old: Path,
    new: Path,
    table: CatalogTable,
    file: CatalogFile,
    stays: Sql,
    renamed: Sequence[str],
    path: str | None = None,
) -> CatalogFile:
    target = new / (path or file.path)
    target.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    copy = fill(
        COPY,
        columns=join(", ", (name(column.name) for column in table.columns)),
        table=fill(
            "(select * {replaced} from read_parquet({path}, hive_partitioning = false))",
            replaced=_replaced(renamed),
            path=value(old / file.path),
        ),
        condition=stays,
        grain=join(", ", map(name, table.grain)),
        path=value(target),
    )
    (written,) = connection.execute(copy).fetchone() or (0,)
    return file.model_copy(
        update={
            "path": path or file.path,
            "row_cnt": int(written),
            "byte_cnt": target.stat().st_size,
            "sha256": sha256(target),
        }
    )
