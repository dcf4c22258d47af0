"""Kept releases without the rows of erased customers.

A release is never changed: one that holds such rows is replaced by another of the same business date under
a new name; the old one goes.
"""

import duckdb

from orchestration.erased import read_register, show_erased
from orchestration.erasure.circles import names_nobody, without_names
from orchestration.erasure.numbers import may_be_composed
from orchestration.errors import PublicationError
from orchestration.interrupts import connect
from orchestration.night_report import REPORT_FILES
from orchestration.publication.filtered import RENAMED, filtering, holds_other_rows, write_filtered
from orchestration.publication.quality import GATE_RESULTS_FILE
from orchestration.publication.retention import delete_releases
from orchestration.publication.spare import discard_spare
from orchestration.releases.catalog import CatalogTable, read_catalog
from orchestration.releases.files import flush, link_file, seal
from orchestration.releases.on_disk import BUILDING, ReleaseInfo, next_name, releases, switch
from orchestration.releases.privacy import ERASED, customer_columns, may_leave
from orchestration.settings import Settings
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value


def erase_from_releases(settings: Settings) -> dict[str, str]:
    """Replace every release that holds rows of an erased customer; the caller holds the writer's lock.

    Returns:
        New names by old ones.

    Raises:
        PublicationError: A release could not be written; those replaced until then stay replaced.
    """
    discard_spare(settings)
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


def still_published(settings: Settings) -> set[str]:
    """Hidden numbers of customers that a kept release holds all the same; it only looks."""
    found: set[str] = set()
    with connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute("set memory_limit = $limit", {"limit": settings.bank.memory_limit})
        if not show_erased(connection, settings, ERASED):
            return found
        for release in releases(settings):
            catalog = read_catalog(release.folder)
            for table in catalog.tables if catalog is not None else ():
                files = [str(release.folder / file.path) for file in table.files]
                for column in customer_columns(column.name for column in table.columns) if files else ():
                    rows = connection.execute(
                        fill(
                            "select distinct {column} from read_parquet({files}, hive_partitioning = false)"
                            " where {column} in (select customer_id from {erased})",
                            column=name(column),
                            files=fill("[{paths}]", paths=join(", ", map(value, files))),
                            erased=ERASED,
                        )
                    ).fetchall()
                    found |= {number for (number,) in rows}
    return found


def _replace(settings: Settings, release: ReleaseInfo) -> str | None:
    catalog = read_catalog(release.folder)
    assert catalog is not None, f"{release.name} is a release because its catalogue can be read"
    new = next_name(settings, release.business_date)
    building = settings.published / f"{BUILDING}{new}"
    with filtering(settings, building) as connection:
        show_erased(connection, settings, ERASED)
        _show_renamed(connection, settings)
        if not holds_other_rows(connection, release.folder, catalog, _stays, _composed):
            return None
        renamed = catalog.model_copy(update={"release": new})
        write_filtered(
            connection,
            release.folder,
            building,
            renamed,
            _stays,
            has_database=release.has_database,
            renamed=_composed,
        )
        # they are of that night, and name nobody but in a circle of parents
        hidden = read_register(settings).hidden_ids
        for file in (GATE_RESULTS_FILE, *REPORT_FILES):
            if (release.folder / file).exists():
                told = (release.folder / file).read_text(encoding="utf-8")
                if (kept := without_names(told, hidden)) == told:
                    link_file(release.folder / file, building / file)
                else:
                    (building / file).write_text(kept, encoding="utf-8")
        seal(building)
        building.rename(settings.published / new)
    flush(settings.published)
    if release.is_current:
        switch(settings, new)
    delete_releases(settings, [release.name])
    return new


def _stays(table: CatalogTable) -> Sql:
    columns = [column.name for column in table.columns]
    told = names_nobody(columns, ERASED)
    return may_leave(columns) if told == EVERY_ROW else join(" and ", (may_leave(columns), told))


def _composed(table: CatalogTable) -> list[str]:
    """Columns of keys that may be made of a customer's numbers; tables that name nobody have them, too."""
    return [
        column.name
        for column in table.columns
        if column.data_type == "VARCHAR" and column.privacy is None and may_be_composed(column.name)
    ]


def _show_renamed(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    connection.execute(fill("create table {table} (old_key varchar, new_key varchar)", table=RENAMED))
    keys = read_register(settings).keys
    if keys:
        connection.executemany(
            fill("insert into {table} values (?, ?)", table=RENAMED), [list(pair) for pair in keys.items()]
        )
