"""Deleting what an erasure has to delete, and naming what could not be deleted.

Put here: copies of deliveries, leftovers of killed runs, and what people had made. Keep out: rows that stay
under other numbers (``replacement.py``).

Nothing is deleted through a link: what it leads to is not the warehouse's to delete, and is named.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from orchestration.ingestion.audit import withdrawn
from orchestration.ingestion.lake import INCOMING, lake_batches
from orchestration.ingestion.landing import survey
from orchestration.ingestion.manifest import MANIFEST, file_digest
from orchestration.plan import highest_sequences
from orchestration.publication.retention import delete_leftovers
from orchestration.publication.spare import discard_spare
from orchestration.releases.files import remove
from orchestration.releases.on_disk import CURRENT, DELETED, releases
from orchestration.rooms import sweep_rooms
from orchestration.settings import BatchId, Settings

DERIVED = ("what_if", "cuts", "private", "dbt/copy", "dbt/logs", "failure.log")
"""Below ``ACRM_HOME``: what people had made from releases, and what may quote a row. It can be made again."""

_OWN = frozenset(
    (
        "answer_key", "audit", "bank.yml", "bi", "build", "dagster", "dbt", "erasure", "keys", "lake",
        "landing", "mapping.yml", "published", "quality", "quarantine", "runs", "segments", "templates",
        "writer.lock", "writer.note", *(name.split("/")[0] for name in DERIVED),
    )
)  # fmt: skip
"""What a warehouse keeps in its folder."""


def delete(settings: Settings, path: Path) -> str | None:
    """Delete a file or folder; a line on it where it is still there afterwards."""
    if path.is_symlink() and path.exists():
        return (
            f"{_place(settings, path)} is a link to {os.fsdecode(path.readlink())!a}, {_owned(path)}: "
            "delete what it leads to and the link"
        )
    if path.is_dir() and not path.is_symlink():
        remove(path)
    elif os.path.lexists(path):
        # what stays is told below
        with suppress(OSError):
            path.unlink()
    if not os.path.lexists(path):
        return None
    first = next((left for left in _files_below(path)), path)
    return f"{_place(settings, path)} could not be deleted, {_owned(first)}: delete it as that user"


def delete_made_copies(settings: Settings) -> list[str]:
    """Delete what was made from releases, and what killed runs left behind; lines on what is left."""
    left = [delete(settings, settings.home / name) for name in DERIVED]
    left.append(delete(settings, settings.lake / INCOMING))
    for folder in (settings.lake, settings.quarantine, settings.database.parent):
        # a file that is written is renamed when it is whole; DuckDB spills into folders beside its files
        for path in sorted(_below(folder)):
            if path.suffix in (".unfinished", ".spill", ".tmp") or path.name.endswith(".erased"):
                left.append(delete(settings, path))
    if settings.published.is_dir():
        discard_spare(settings)
        delete_leftovers(settings)
    for room in sweep_rooms():
        left.append(f"{room} is in use by another process of acrm: run again when that has ended")
    return [line for line in left if line is not None]


def unknown_releases(settings: Settings) -> list[str]:
    """Lines on what lies among the releases and is none: nobody can tell whom it names."""
    if not settings.published.is_dir():
        return []
    known = {release.name for release in releases(settings)} | {CURRENT, DELETED}
    return [
        f"{_place(settings, path)} is no release that can be read, {_owned(path)}: delete it"
        for path in sorted(settings.published.iterdir())
        if path.name not in known
    ]


def unknown_files(settings: Settings) -> list[str]:
    """What lies in the warehouse's folder and is none of its own, with its owner: it may name anybody.

    People have feeds and copies written there, too.
    """
    found = [path for path in sorted(settings.home.iterdir()) if path.name not in _OWN]
    for folder, kinds in ((settings.lake, (".parquet", ".json")), (settings.quarantine, (".parquet",))):
        found += [path for path in sorted(_below(folder)) if path.suffix not in kinds and not path.is_dir()]
    build, ours = settings.database, ("", ".wal", ".nights.json")
    if build.parent.is_dir():
        known = {f"{build.name}{ending}" for ending in ours}
        found += [path for path in sorted(build.parent.iterdir()) if path.name not in known]
    return [f"{_place(settings, path)}, {_owned(path)}" for path in found]


def delete_landed_copies(settings: Settings) -> tuple[int, list[str], list[str]]:
    """Delete landed batches that count no longer as files: they are in the lake, replaced, or withdrawn.

    They cannot be changed without breaking their checksums.

    Returns:
        How many are gone; lines on those that could not be deleted; what else lies in landing, by its place.
    """
    landing = survey(settings)
    gone, left = 0, []
    for batch, folder in landing.named:
        if not is_used_up(settings, batch, folder):
            continue
        line = delete(settings, folder)
        if line is None:
            gone += 1
            # the day's folder goes with its last batch, unless it is another user's
            if not folder.parent.is_symlink() and not any(folder.parent.iterdir()):
                delete(settings, folder.parent)
        else:
            left.append(line)
    told = " ".join(left)
    others = [
        place for path in _deliveries(settings.landing) if (place := _place(settings, path)) not in told
    ]
    return gone, left, others


def is_used_up(settings: Settings, batch: BatchId, folder: Path) -> bool:
    """Whether no run will read a landed batch any more."""
    in_lake = lake_batches(settings)
    counting = highest_sequences(in_lake).get(batch.business_date)
    if batch in in_lake or (counting is not None and batch < counting):
        return True
    try:
        return (batch, file_digest(folder / MANIFEST)) in withdrawn(settings)
    except OSError:
        return False


def _deliveries(landing: Path) -> Iterator[Path]:
    """Whatever lies in landing, two folders deep."""
    for path in sorted(landing.iterdir()) if landing.is_dir() else ():
        below = sorted(path.iterdir()) if path.is_dir() and os.access(path, os.R_OK | os.X_OK) else []
        yield from below or ([] if path.is_dir() and os.access(path, os.R_OK) else [path])


def _below(folder: Path) -> Iterator[Path]:
    """Files and folders below a folder, links to folders followed."""
    for place, folders, files in os.walk(folder, followlinks=True):
        yield from (Path(place, name) for name in (*folders, *files))


def _files_below(path: Path) -> Iterator[Path]:
    yield from (Path(place, name) for place, _, names in os.walk(path) for name in names)


def _place(settings: Settings, path: Path) -> str:
    """The whole path, safe to print: what is left has to be found by it."""
    return f"{os.fsdecode(path.relative_to(settings.home) if path.is_relative_to(settings.home) else path)!a}"


def _owned(path: Path) -> str:
    try:
        return f"owned by {path.owner()}"
    except (KeyError, OSError):
        try:
            return f"owned by user {path.lstat().st_uid}"
        except OSError:
            return "of an owner whom nobody can tell"
