"""A release's Parquet files: written from the build database, or linked from the release before."""

from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import Path

import duckdb

from orchestration.errors import PublicationError
from orchestration.publication.survey import BuiltTable
from orchestration.releases.catalog import CatalogFile, parquet_path
from orchestration.releases.files import link_file, sha256
from orchestration.releases.on_disk import Base
from orchestration.releases.privacy import leaving
from orchestration.settings import PRIVATE_DIR
from orchestration.sql import fill, join, name, value

# Sorted by grain with a fixed row group, DuckDB writes the same bytes whatever the threads, the memory
# and the order rows lie in. Level 1 takes a fifth of the time off and adds a fiftieth to the size. A
# dictionary of more than a thousand values saves no bytes, and trying takes a tenth of the time.
COPY = (
    "copy (select {columns} from {table} where {condition} order by {grain}) to {path}"
    " (format parquet, compression zstd, compression_level 1, row_group_size 122880,"
    " dictionary_size_limit 1000)"
)


def stale_months(table: BuiltTable, base: Base | None, rebuilt: AbstractSet[date]) -> frozenset[date | None]:
    """Months of a table that ``base`` does not hold as they are now; None stands for the whole table.

    A month whose row count changed is stale even if the caller did not name it as rebuilt.
    """
    if table.mart.partition is None or base is None:
        return frozenset(table.counts)
    counts = {month: file.row_cnt for month, file in base.files(table.mart.full_name).items()}
    changed = {month for month, count in table.counts.items() if counts.get(month) != count}
    return frozenset(
        changed | table.changed | (rebuilt & set(table.counts)) | (set(counts) - set(table.counts))
    )


def write_files(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    table: BuiltTable,
    shared: Base | None,
    stale: AbstractSet[date | None],
) -> tuple[tuple[CatalogFile, ...], int]:
    """Put a table's Parquet files into a release's folder, sharing those that ``shared`` holds already.

    Returns:
        The files by month, and how many of them are links.
    """
    held = {} if shared is None else shared.files(table.mart.full_name)
    files, linked = [], 0
    for month in table.counts:
        old = held.get(month)
        if old is None or shared is None or not _is_intact(shared.folder, old):
            file = _write_file(connection, folder, table, month)
        else:
            # a release of an earlier version may keep the same bytes in another place
            kept = old.model_copy(update={"path": str(parquet_path(table.mart, month))})
            file = kept if month not in stale else _write_file(connection, folder, table, month)
            if file == kept:
                link_file(shared.folder / old.path, folder / kept.path)
                linked += 1
        files.append(file)
    return tuple(files), linked


def _is_intact(folder: Path, file: CatalogFile) -> bool:
    path = folder / file.path
    return path.is_file() and path.stat().st_size == file.byte_cnt


def _write_file(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: BuiltTable, month: date | None
) -> CatalogFile:
    mart = table.mart
    relative = parquet_path(mart, month)
    path = folder / relative
    path.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    is_wanted = table.condition
    if mart.partition is not None and month is not None:
        is_wanted = fill(
            "{column} = {first_day} and {may_leave}",
            column=name(mart.partition),
            first_day=value(month),
            may_leave=table.condition,
        )
    copy = fill(
        COPY,
        columns=join(", ", (leaving(each.name, each.privacy, each.coined) for each in mart.columns)),
        table=name("build", mart.schema_name, mart.name),
        condition=is_wanted,
        grain=join(", ", map(name, mart.grain)),
        path=value(path),
    )
    (written,) = connection.execute(copy).fetchone() or (None,)
    if written != table.counts[month]:
        raise PublicationError(
            f"{mart.full_name}: {written} rows went into {relative}, "
            f"the build database has {table.counts[month]}. "
            "Nothing else may write while a release is made; publish again."
        )
    return CatalogFile(
        path=str(relative),
        month_start_date=month,
        row_cnt=written,
        byte_cnt=path.stat().st_size,
        sha256=sha256(path),
    )
