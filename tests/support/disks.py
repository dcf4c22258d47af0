"""A disk of its own that is soon full, for those who may mount one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEGABYTE = 1 << 20


def can_fill_disks() -> bool:
    """Whether this user may mount a disk of its own; others have their full disks left out."""
    return os.geteuid() == 0


@contextmanager
def small_disk(place: Path, holds: Path, room: int) -> Iterator[Path]:
    """A disk in memory that has room for a copy of a folder and so many bytes more."""
    needed = sum(path.lstat().st_blocks * 512 for path in holds.rglob("*"))
    place.mkdir(exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={needed + room + MEGABYTE}", "tests", place], check=True
    )
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk: Path, left: int) -> Path:
    """Write a file that leaves so many bytes of a disk; returns it."""
    told = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(b"\0" * max(told.f_bavail * told.f_frsize - left, 0))
    return filler
