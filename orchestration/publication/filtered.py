"""A release once more, with a part of its rows: files that keep all their rows are shared.

The database is written whole, since what was deleted from a DuckDB file may still be read in its free blocks.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.publication.catalog import Catalog, CatalogFile, CatalogTable, parquet_path
from orchestration.publication.database import write_database
from orchestration.publication.files import link_file, remove, sha256
from orchestration.publication.parquet import COPY
from orchestration.settings import PRIVATE_DIR, Settings
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value

_SPILL = ".spill"

Condition = Callable[[CatalogTable], Sql | None]
"""Which rows of a table stay; None where the table itself does not."""


@contextmanager
def filtering(settings: Settings, building: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that writes a release into a new folder; the folder goes if it is not finished."""
    if building.exists():
        remove(building)
    building.mkdir(mode=PRIVATE_DIR, parents=True)
    try:
        with duckdb.connect(
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
) -> Catalog:
    """Write the rows that stay, as Parquet files, database and catalogue.

    Args:
        old: Folder of the release.
        new: Folder to write into; it is there.
        catalog: The release's catalogue, as the new one shall begin.
        condition: Rows that stay.
        has_database: Whether a database is wanted.

    Returns:
        The new catalogue, which is written.
    """
    tables = []
    for table in catalog.tables:
        stays = condition(table)
        if stays is not None:
            tables.append(_filtered(connection, old, new, table, stays))
    written = catalog.model_copy(update={"tables": tuple(tables)})
    if has_database:
        write_database(connection, new, written)
    written.write(new)
    if (new / _SPILL).exists():
        remove(new / _SPILL)
    return written


def holds_other_rows(
    connection: duckdb.DuckDBPyConnection, folder: Path, catalog: Catalog, condition: Condition
) -> bool:
    """Whether a release holds rows that would not stay."""
    return any(
        _count(connection, folder / file.path, stays) < file.row_cnt
        for table in catalog.tables
        if (stays := condition(table)) is not None and stays != EVERY_ROW
        for file in table.files
    )


def _filtered(
    connection: duckdb.DuckDBPyConnection, old: Path, new: Path, table: CatalogTable, stays: Sql
) -> CatalogTable:
    files = []
    for file in table.files:
        kept = file.row_cnt if stays == EVERY_ROW else _count(connection, old / file.path, stays)
        if kept == file.row_cnt:
            link_file(old / file.path, new / file.path)
            files.append(file)
        elif kept or table.partition is None:
            files.append(_write(connection, old, new, table, file, stays))
    if table.files and not files:
        # a table that has lost all its months is one file without rows
        last = table.files[0]
        whole = last.model_copy(update={"month_start_date": None})
        files.append(_write(connection, old, new, table, whole, stays, str(parquet_path(table, None))))
    lost = sum(file.row_cnt for file in table.files) - sum(file.row_cnt for file in files)
    return table.model_copy(update={"files": tuple(files), "row_cnt": table.row_cnt - lost})


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
    path: str | None = None,
) -> CatalogFile:
    target = new / (path or file.path)
    target.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    copy = fill(
        COPY,
        columns=join(", ", (name(column.name) for column in table.columns)),
        table=fill("read_parquet({path}, hive_partitioning = false)", path=value(old / file.path)),
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
