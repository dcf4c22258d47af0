"""Going back to an earlier release."""

import duckdb

from orchestration.errors import PublicationError
from orchestration.interrupts import connect
from orchestration.publication.database import write_database
from orchestration.releases.catalog import CatalogTable, read_catalog
from orchestration.releases.files import opened, remove, seal
from orchestration.releases.on_disk import BUILDING, DATABASE_FILE, ReleaseInfo, releases, switch
from orchestration.settings import PRIVATE_DIR, Settings
from orchestration.sql import fill, name, value


def rollback(settings: Settings, wanted: str | None = None) -> ReleaseInfo:
    """Point ``current`` at another release, by default the one published before the current one.

    The releases themselves stay. The next publication starts from the release that is current then.

    Raises:
        PublicationError: There is no such release, it has another key, or its database cannot be made.
    """
    known = releases(settings)
    current = next((release for release in known if release.is_current), None)
    if wanted is None:
        earlier = [release for release in known if current and release.publication < current.publication]
        target = earlier[-1] if earlier else None
    else:
        target = next((release for release in known if release.name == wanted), None)
    if target is None:
        missing = "release before the current one" if wanted is None else "release of that name"
        names = ", ".join(release.name for release in known) or "none"
        raise PublicationError(f"There is no {missing}. Releases: {names}. Name one of them.")
    if current is not None and target.hash_key != current.hash_key:
        raise PublicationError(
            f"Release {target.name} was hashed by the key {target.hash_key}, the current one by "
            f"{current.hash_key}: their hashes do not match. Finish changing the key: acrm rotate-key"
        )
    if not target.has_database:
        _restore_database(settings, target)
    switch(settings, target.name)
    return next(release for release in releases(settings) if release.name == target.name)


def _restore_database(settings: Settings, release: ReleaseInfo) -> None:
    """Make a release's DuckDB file again from its Parquet files, beside it, and put it in its place.

    Raises:
        PublicationError: A file is gone or damaged.
    """
    catalog = read_catalog(release.folder)
    assert catalog is not None, f"{release.name} is a release because its catalogue can be read"
    building = settings.published / f"{BUILDING}{release.name}"
    if building.exists():
        remove(building)
    try:
        building.mkdir(mode=PRIVATE_DIR)
        (building / "parquet").symlink_to(f"../{release.name}/parquet", target_is_directory=True)
        with connect(
            config={
                "threads": settings.bank.threads,
                "memory_limit": settings.bank.memory_limit,
                "temp_directory": str(building / ".spill"),
                "autoinstall_known_extensions": False,
            }
        ) as connection:
            write_database(connection, building, catalog)
            connection.execute(
                fill("attach {path} as made (read_only)", path=value(building / DATABASE_FILE))
            )
            wrong = [
                table.full_name for table in catalog.tables if _row_count(connection, table) != table.row_cnt
            ]
        if wrong:
            raise PublicationError(
                f"Release {release.name}: Parquet files of {', '.join(wrong)} hold other rows than its"
                " catalogue says. Roll back to another release."
            )
        with opened(release.folder):
            (building / DATABASE_FILE).rename(release.folder / DATABASE_FILE)
            seal(release.folder)
    except (OSError, duckdb.Error) as error:
        raise PublicationError(
            f"The database of release {release.name} could not be made again"
            f" ({type(error).__name__}: {error}). Roll back to another release; `current` is as it was."
        ) from error
    finally:
        if building.exists():
            remove(building)


def _row_count(connection: duckdb.DuckDBPyConnection, table: CatalogTable) -> int:
    relation = name("made", table.schema_name, table.name)
    (rows,) = connection.execute(fill("select count(*) from {relation}", relation=relation)).fetchone() or (
        0,
    )
    return int(rows)
