"""The spare database: that of the newest release which lost its own, and which the next release may become.

Nearly all of a release's DuckDB file is what last night's file holds, and copying it costs more than writing
what changed. A file that no release needs any more is brought up to date instead. Nobody can open it by then,
and one who still has it open keeps it: the next release starts from a copy in that case.
"""

from pathlib import Path

import duckdb

from orchestration.interrupts import connect
from orchestration.releases.catalog import CATALOG_FILE, Catalog, read_catalog
from orchestration.releases.files import flush, link_file, opened, remove
from orchestration.releases.on_disk import DATABASE_FILE, ReleaseInfo
from orchestration.settings import PRIVATE_FILE, Settings, private_folder

SPARE = ".spare"


def set_aside(settings: Settings, release: ReleaseInfo) -> None:
    """Take a release's database away from it, and keep it with its catalogue in place of an older one."""
    discard_spare(settings)
    spare = private_folder(settings.published / SPARE)
    # the database comes last: without it the folder is no spare
    link_file(release.folder / CATALOG_FILE, spare / CATALOG_FILE)
    flush(spare)
    with opened(release.folder):
        (release.folder / DATABASE_FILE).rename(spare / DATABASE_FILE)


def discard_spare(settings: Settings) -> None:
    """Delete the spare database, if there is one: what it holds may be used no longer."""
    spare = settings.published / SPARE
    if spare.exists():
        (spare / DATABASE_FILE).unlink(missing_ok=True)
        remove(spare)


def take_spare(settings: Settings, folder: Path) -> Catalog | None:
    """Move the spare database into a release's folder, to be written to.

    Returns:
        What it holds; None if there is none, or somebody reads it.
    """
    spare, taken = settings.published / SPARE, folder / DATABASE_FILE
    catalog = read_catalog(spare)
    if catalog is None or not (spare / DATABASE_FILE).is_file():
        return None
    (spare / DATABASE_FILE).rename(taken)
    taken.chmod(PRIVATE_FILE)
    if taken.stat().st_nlink == 1 and _is_free(taken, catalog.release):
        return catalog
    taken.unlink()
    return None


def _is_free(database: Path, release: str) -> bool:
    """Whether no other process has a database open, and it is the one that the catalogue tells of."""
    try:
        with connect(str(database)) as connection:
            held = connection.execute("select release from data_as_of").fetchall()
    except duckdb.Error:
        return False
    return held == [(release,)]
