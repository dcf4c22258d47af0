"""Temporary folders outside the warehouse, and how those that a killed process left there are found again.

Put here: making such a folder and sweeping up. Keep out: what is done in it.

Whoever uses a room holds a lock on it, which goes with the process: a room that nobody holds was left behind.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

Purpose = Literal["look", "validate", "serve"]


@contextmanager
def room(purpose: Purpose) -> Iterator[Path]:
    """A private folder that is gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix=_prefix(purpose)))
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def sweep_rooms() -> list[Path]:
    """Delete the rooms of this user that nobody uses; returns those that stay."""
    kept = []
    place = Path(tempfile.gettempdir())
    for folder in sorted(
        path for purpose in get_args(Purpose) for path in place.glob(f"{_prefix(purpose)}*")
    ):
        details = folder.lstat()
        if folder.is_symlink() or not folder.is_dir() or details.st_uid != os.getuid():
            continue
        held = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            if folder.exists():
                kept.append(folder)
        except BlockingIOError:
            kept.append(folder)
        finally:
            os.close(held)
    return kept


def _prefix(purpose: Purpose) -> str:
    return f"acrm-{purpose}-"
