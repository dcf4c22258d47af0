"""What lies in landing: which folder holds which batch, and which deliveries cannot be told apart.

Put here: how names of folders are read. Keep out: what is in a manifest (``manifest.py``).

Other people's programs write the names. Zeros before a sequence number, a date without hyphens and upper case
leave no doubt and are read; whatever else holds a manifest is named at the end of every run, because a
correction that nobody sees would leave wrong figures published. Nothing waits for it: landing may be another
user's, and a name must not keep the other nights from running.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from orchestration.errors import Fault, LandingError
from orchestration.ingestion.bounds import out_of_bounds
from orchestration.ingestion.manifest import MANIFEST, shown
from orchestration.settings import BatchId, Settings

_DAY = re.compile(r"business_date=([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})", re.IGNORECASE)
_SEQUENCE = re.compile(r"sequence=([0-9]{1,100})", re.IGNORECASE)
"""A time stamp in nanoseconds is read, too: what has a number can be named, refused and withdrawn."""

_SET_ASIDE = (".", "_")
"""Names that begin so are left alone: folders that somebody is still writing or has put aside."""

_DEEPEST = 4
_AS_WANTED = f"business_date=YYYY-MM-DD/sequence=N/{MANIFEST}"


@dataclass(frozen=True)
class Landing:
    """The complete deliveries of a landing folder.

    Attributes:
        folders: Where each batch lies.
        twice: Folders of batches that lie there more than once; none of them is read.
        faults: What is wrong with those, and deliveries whose name tells no batch. No run takes any of them.
        unread: What of landing cannot be read, a line each: nobody knows what lies there.
    """

    folders: dict[BatchId, Path] = field(default_factory=dict)
    twice: list[tuple[BatchId, Path]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def named(self) -> list[tuple[BatchId, Path]]:
        """Every folder whose name tells a batch, whether that is read or not; by batch."""
        return sorted([*self.folders.items(), *self.twice])


def survey(settings: Settings) -> Landing:
    """Look through landing; a folder without manifest is not there yet."""
    landing = Landing()
    found: dict[BatchId, list[Path]] = {}
    if not os.path.lexists(settings.landing):
        landing.unread.append(f"{settings.landing} is not there. Is it mounted? A new one begins empty.")
    for folder, manifest in _deliveries(settings.landing, landing.unread):
        batch = batch_of(folder)
        place = _place(settings, folder)
        if batch is None or folder.parents[1] != settings.landing:
            what = f"{place} holds a delivery, and its name is no business date and sequence from 1"
            landing.faults.append(_fault("batch_folder_unreadable", what))
        elif manifest != MANIFEST:
            what = f"the manifest in {place} is called {shown(manifest)}"
            landing.faults.append(_fault("batch_folder_unreadable", what))
        else:
            found.setdefault(batch, []).append(folder)
    for batch, folders in sorted(found.items()):
        if len(folders) == 1:
            landing.folders[batch] = folders[0]
            continue
        landing.twice.extend((batch, folder) for folder in folders)
        what = f"{' and '.join(_place(settings, folder) for folder in folders)} mean the same batch, {batch}"
        remedy = "Take away what does not count; none of them was read"
        landing.faults.append(Fault("batch_folder_twice", what, remedy))
    return landing


def landed_batches(settings: Settings) -> list[BatchId]:
    """Every complete batch in landing that its folder's name tells, oldest first."""
    return sorted(survey(settings).folders)


def required_batches(settings: Settings) -> list[BatchId]:
    """Every complete batch in landing that its folder's name tells, oldest first, of a landing that is whole.

    Raises:
        LandingError: It is missing, or part of it cannot be read.
    """
    landing = survey(settings)
    if landing.unread:
        raise LandingError("\n".join(landing.unread))
    return sorted(landing.folders)


def landing_folder(settings: Settings, batch: BatchId) -> Path:
    """Where a batch lies in landing, or would lie."""
    usual = settings.landing / batch.folder
    return usual if os.path.lexists(usual / MANIFEST) else survey(settings).folders.get(batch, usual)


def batch_of(folder: Path) -> BatchId | None:
    """The batch that a folder's path names; None if it names none."""
    day, sequence = _DAY.fullmatch(folder.parent.name), _SEQUENCE.fullmatch(folder.name)
    if day is None or sequence is None or int(sequence[1]) < 1:
        return None
    try:
        return BatchId(date.fromisoformat(day[1]), int(sequence[1]))
    except ValueError:
        return None


def name_fault(folder: Path) -> Fault | None:
    """What is wrong with the name of a folder that means to name a batch."""
    means_to = folder.name.lower().startswith("sequence") or folder.parent.name.lower().startswith(
        "business_date"
    )
    batch = batch_of(folder)
    if not means_to or batch is not None:
        return None if batch is None else out_of_bounds(batch)
    what = f"{shown(f'{folder.parent.name}/{folder.name}')} is no business date and sequence from 1"
    return _fault("batch_folder_unreadable", what)


def _deliveries(folder: Path, unread: list[str], depth: int = 0) -> Iterator[tuple[Path, str]]:
    """Folders that hold a manifest, in whatever case it is written, with its name."""
    try:
        if not folder.is_dir():
            if folder.is_symlink() and not folder.exists():
                unread.append(
                    f"{_end(folder, depth)} leads to nothing. Mount what it leads to, or delete it."
                )
            elif depth == 0 and os.path.lexists(folder):
                unread.append(f"{folder} is no folder. Put the folder in its place that deliveries come to.")
            return
        if (folder / MANIFEST).is_file():
            yield folder, MANIFEST
            return
        entries = sorted(folder.iterdir())
        manifests = [path.name for path in entries if path.name.lower() == MANIFEST and path.is_file()]
    except OSError as error:
        unread.append(
            f"{_end(folder, depth)} cannot be read: {error.strerror}. Let the warehouse's user read it."
        )
        return
    if manifests:
        yield folder, manifests[0]
        return
    if depth < _DEEPEST:
        for path in entries:
            if not path.name.startswith(_SET_ASIDE):
                yield from _deliveries(path, unread, depth + 1)


def _end(folder: Path, depth: int) -> str:
    """The path of a folder from landing on."""
    return shown(str(Path(*folder.parts[-depth - 1 :])))


def _place(settings: Settings, folder: Path) -> str:
    return shown(str(folder.relative_to(settings.landing.parent)))


def _fault(check_code: str, what: str) -> Fault:
    remedy = f"Have it named {_AS_WANTED}, or its folder begin with _ to be left alone"
    return Fault(check_code, what, remedy)
