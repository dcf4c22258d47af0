"""Releases on disk: their names, and which one is current.

A release is a folder ``<business_date>.<n>``, complete from the moment it has that name. Its files never
change; of an older release the DuckDB file, which holds what its Parquet files hold, goes after a while
(``retention.py``). ``current`` is a relative link to one of them; switching it is one rename, so a reader
sees the old release or the new one, and one that has the old database open keeps it.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.errors import PublicationError
from orchestration.interrupts import connect
from orchestration.releases.catalog import Catalog, CatalogFile, read_catalog
from orchestration.releases.files import flush
from orchestration.rooms import room
from orchestration.settings import Settings

DATABASE_FILE = "acrm.duckdb"
CURRENT = "current"

BUILDING = ".building-"
DELETING = ".deleting-"
SWITCHING = ".switching"
DELETED = ".deleted"
"""Folder with an empty file per deleted release, so that no name is given twice."""

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.([1-9]\d*)")


@dataclass(frozen=True)
class ReleaseInfo:
    """One release.

    Attributes:
        publication: Counts publications of this warehouse; the greatest is the newest release.
        hash_key: Fingerprint of the key of its hashes.
    """

    name: str
    folder: Path
    business_date: date
    sequence: int
    publication: int
    is_current: bool
    hash_key: str = ""

    @property
    def has_database(self) -> bool:
        """Whether its DuckDB file is there."""
        return (self.folder / DATABASE_FILE).is_file()


@dataclass(frozen=True)
class Base:
    """A release that the next one starts from."""

    folder: Path
    catalog: Catalog

    @property
    def release(self) -> str:
        """The release's name."""
        return self.folder.name

    def files(self, full_name: str) -> dict[date | None, CatalogFile]:
        """Parquet files of one of its tables, by month."""
        tables = (table for table in self.catalog.tables if table.full_name == full_name)
        return {file.month_start_date: file for table in tables for file in table.files}


def releases(settings: Settings) -> list[ReleaseInfo]:
    """Every complete release, oldest publication first."""
    if not settings.published.is_dir():
        return []
    current = _current_name(settings)
    found = []
    for folder in settings.published.iterdir():
        catalog = read_catalog(folder) if _NAME.fullmatch(folder.name) else None
        if catalog is not None:
            as_of = catalog.data_as_of
            found.append(
                ReleaseInfo(
                    name=folder.name,
                    folder=folder,
                    business_date=as_of.business_date,
                    sequence=as_of.sequence,
                    publication=catalog.publication,
                    is_current=folder.name == current,
                    hash_key=catalog.hash_key,
                )
            )
    return sorted(found, key=lambda release: release.publication)


def current_release(settings: Settings) -> ReleaseInfo | None:
    """The release that ``current`` points to; None before the first publication."""
    return next((release for release in releases(settings) if release.is_current), None)


def current_database(settings: Settings) -> Path:
    """The database file of the current release.

    Raises:
        PublicationError: Nothing is published.
    """
    database = settings.published / CURRENT / DATABASE_FILE
    if not database.exists():
        raise PublicationError(f"{settings.home}: nothing is published yet. Run `acrm run` first.")
    return database


def open_current(
    settings: Settings, *, is_shut_in: bool = False
) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """A connection to the current release's database that can only read, closed at the end.

    Args:
        is_shut_in: Whether a question may reach nothing but the release: no file, no network.

    Raises:
        PublicationError: Nothing is published, or the file cannot be read.
    """
    # the release itself: its name stays while `current` may be switched
    return open_published(current_database(settings).resolve(), is_shut_in=is_shut_in)


@contextmanager
def open_published(
    database: Path, *, is_shut_in: bool = False, **config: bool | int | str
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a release's database that can only read, closed at the end.

    Args:
        is_shut_in: Whether a question may reach nothing but the release.
        config: Settings of DuckDB.

    Raises:
        PublicationError: The file cannot be read.
    """
    if not database.is_file():
        raise PublicationError(
            f"{database}: is not kept. Make it again by: acrm rollback {database.parent.name}"
        )
    # a large question needs room on a disk, which DuckDB would take in the release itself
    with room("look") as folder:
        try:
            connection = connect(
                str(database), read_only=True, config={"temp_directory": str(folder), **config}
            )
            if is_shut_in:
                # last, since it forbids to name the room
                connection.execute("set enable_external_access = false")
        except duckdb.Error as error:
            said = str(error).partition("\n")[0]
            raise PublicationError(f"{database}: cannot be read ({said}). Go to another release.") from error
        with connection:
            yield connection


def switch(settings: Settings, name: str) -> None:
    """Point ``current`` at a release, in one step."""
    link = settings.published / SWITCHING
    link.unlink(missing_ok=True)
    link.symlink_to(name, target_is_directory=True)
    link.replace(settings.published / CURRENT)
    flush(settings.published)


def next_name(settings: Settings, business_date: date) -> str:
    """Name of the next publication of a business date; one of a deleted release is not given again."""
    numbers = [0]
    for folder in (settings.published, settings.published / DELETED):
        for path in folder.iterdir() if folder.is_dir() else ():
            match = _NAME.fullmatch(path.name)
            if match and match[1] == business_date.isoformat():
                numbers.append(int(match[2]))
    return f"{business_date}.{max(numbers) + 1}"


def _current_name(settings: Settings) -> str | None:
    try:
        return str((settings.published / CURRENT).readlink())
    except OSError:
        return None
