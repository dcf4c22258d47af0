"""Temporary folders, in the system's or beside what is written, and how what killed processes left is found.

Put here: making such a folder and sweeping up. Keep out: what is done in it.

Whoever uses a room holds a lock on it, which goes with the process: a room that nobody holds was left behind.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Literal, get_args

Purpose = Literal["look", "validate", "serve"]


@contextmanager
def room(purpose: Purpose) -> Iterator[Path]:
    """A private folder that is gone at the end."""
    with _held(tempfile.mkdtemp(prefix=_prefix(purpose))) as folder:
        yield folder


@contextmanager
def room_beside(target: Path) -> Iterator[Path]:
    """A private folder beside a place that something is written for, to be moved there whole.

    It is gone at the end. What a killed process left there for the same place goes first.
    """
    prefix = f".{target.name}.building-"
    for left in sorted(target.parent.glob(f"{escape(prefix)}*")):
        _sweep(left)
    with _held(tempfile.mkdtemp(prefix=prefix, dir=target.parent)) as folder:
        yield folder


def sweep_rooms() -> list[Path]:
    """Delete the rooms of this user that nobody uses; returns those that stay."""
    place = Path(tempfile.gettempdir())
    rooms = [folder for purpose in get_args(Purpose) for folder in place.glob(f"{_prefix(purpose)}*")]
    return [folder for folder in sorted(rooms) if not _sweep(folder)]


@contextmanager
def _held(made: str) -> Iterator[Path]:
    folder = Path(made)
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _sweep(folder: Path) -> bool:
    """Delete a room if it is this user's and nobody uses it; whether none of his is left there."""
    details = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or details.st_uid != os.getuid():
        return True
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()
    except BlockingIOError:
        return False
    finally:
        os.close(held)


def _prefix(purpose: Purpose) -> str:
    return f"acrm-{purpose}-"
