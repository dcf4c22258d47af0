"""Kept releases without the rows of erased customers.

A release is never changed: one that holds such rows is replaced by another of the same business date under
a new name, which shares all files without them; the old one goes. Its database is written whole, since what
was deleted from a DuckDB file may still be read in its free blocks.
"""

from pathlib import Path

import duckdb

from orchestration.erasure.register import show_erased
from orchestration.errors import PublicationError
from orchestration.publication.catalog import Catalog, CatalogFile, CatalogTable, parquet_path, read_catalog
from orchestration.publication.database import write_database
from orchestration.publication.files import flush, link_file, remove, seal, sha256
from orchestration.publication.parquet import COPY
from orchestration.publication.privacy import ERASED, may_leave
from orchestration.publication.quality import GATE_RESULTS_FILE
from orchestration.publication.release import BUILDING, ReleaseInfo, next_name, releases, switch
from orchestration.publication.retention import delete_releases
from orchestration.settings import PRIVATE_DIR, Settings
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value


def erase_from_releases(settings: Settings) -> dict[str, str]:
    """Replace every release that holds rows of an erased customer; the caller holds the writer's lock.

    Returns:
        New names by old ones.

    Raises:
        PublicationError: A release could not be written; those replaced until then stay replaced.
    """
    renamed = {}
    for release in releases(settings):
        try:
            new = _replace(settings, release)
        except (OSError, duckdb.Error) as error:
            raise PublicationError(
                f"Release {release.name} could not be written anew ({type(error).__name__}: {error}). "
                "Mend the cause and run `acrm erase` again."
            ) from error
        if new is not None:
            renamed[release.name] = new
    return renamed


def _replace(settings: Settings, release: ReleaseInfo) -> str | None:
    catalog = read_catalog(release.folder)
    assert catalog is not None, f"{release.name} is a release because its catalogue can be read"
    new = next_name(settings, release.business_date)
    building = settings.published / f"{BUILDING}{new}"
    if building.exists():
        remove(building)
    try:
        building.mkdir(mode=PRIVATE_DIR)
        with duckdb.connect(
            config={
                "threads": settings.bank.threads,
                "memory_limit": settings.bank.memory_limit,
                "temp_directory": str(building / ".spill"),
                "default_null_order": "nulls_first",
                "autoinstall_known_extensions": False,
            }
        ) as connection:
            show_erased(connection, settings, ERASED)
            tables = tuple(_without_erased(connection, release.folder, building, t) for t in catalog.tables)
            if tables == catalog.tables:
                return None
            catalog = catalog.model_copy(update={"release": new, "tables": tables})
            if release.has_database:
                write_database(connection, building, catalog, base=None, stale={})
        _finish(building, release, catalog)
        building.rename(settings.published / new)
    finally:
        if building.exists():
            remove(building)
    flush(settings.published)
    if release.is_current:
        switch(settings, new)
    delete_releases(settings, [release.name])
    return new


def _finish(building: Path, release: ReleaseInfo, catalog: Catalog) -> None:
    link_file(release.folder / GATE_RESULTS_FILE, building / GATE_RESULTS_FILE)
    catalog.write(building)
    if (building / ".spill").exists():
        remove(building / ".spill")
    seal(building)


def _without_erased(
    connection: duckdb.DuckDBPyConnection, old: Path, new: Path, table: CatalogTable
) -> CatalogTable:
    """Link or write anew a table's files; the table with the files it has now."""
    condition = may_leave(column.name for column in table.columns)
    files = []
    for file in table.files:
        found = (
            _count(connection, old / file.path, Sql(f"not ({condition})")) if condition != EVERY_ROW else 0
        )
        if not found:
            link_file(old / file.path, new / file.path)
            files.append(file)
        elif found < file.row_cnt or table.partition is None:
            path = file.path
            files.append(_write(connection, table, old / file.path, new / path, file, path, condition))
    if table.files and not files:
        # a table that has lost all its months is one file without rows
        file, path = table.files[0], str(parquet_path(table, None))
        empty = file.model_copy(update={"month_start_date": None})
        files.append(_write(connection, table, old / file.path, new / path, empty, path, condition))
    lost = sum(file.row_cnt for file in table.files) - sum(file.row_cnt for file in files)
    return table.model_copy(update={"files": tuple(files), "row_cnt": table.row_cnt - lost})


def _count(connection: duckdb.DuckDBPyConnection, path: Path, condition: Sql) -> int:
    query = "select count(*) from read_parquet({path}, hive_partitioning = false) where {condition}"
    (rows,) = connection.execute(fill(query, path=value(path), condition=condition)).fetchone() or (0,)
    return int(rows)


def _write(
    connection: duckdb.DuckDBPyConnection,
    table: CatalogTable,
    source: Path,
    target: Path,
    file: CatalogFile,
    path: str,
    condition: Sql,
) -> CatalogFile:
    target.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    rows = fill("read_parquet({path}, hive_partitioning = false)", path=value(source))
    copy = fill(
        COPY,
        columns=join(", ", (name(column.name) for column in table.columns)),
        table=rows,
        condition=condition,
        grain=join(", ", map(name, table.grain)),
        path=value(target),
    )
    (written,) = connection.execute(copy).fetchone() or (0,)
    return file.model_copy(
        update={
            "path": path,
            "row_cnt": int(written),
            "byte_cnt": target.stat().st_size,
            "sha256": sha256(target),
        }
    )
