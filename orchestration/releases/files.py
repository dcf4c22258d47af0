"""File work of a release: clone, link, seal, remove. Nothing here knows what the files hold."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestration.settings import PRIVATE_DIR, PRIVATE_FILE

READ_ONLY_FILE = 0o400
READ_ONLY_DIR = 0o500

_NO_RANGE_COPY = {errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM}
_NO_LINK = {errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP, errno.EPERM}
_STEP = 1 << 30


def clone_file(source: Path, target: Path) -> None:
    """Copy a file, sharing its blocks where the file system can (XFS, Btrfs); the copy is writable."""
    try:
        _copy_range(source, target)
    except OSError as error:
        if error.errno not in _NO_RANGE_COPY:
            raise
        shutil.copyfile(source, target)
    target.chmod(PRIVATE_FILE)


def _copy_range(source: Path, target: Path) -> None:
    if not hasattr(os, "copy_file_range"):
        raise OSError(errno.ENOSYS, "no copy_file_range on this system")
    with source.open("rb") as reading, target.open("wb") as writing:
        left = os.fstat(reading.fileno()).st_size
        while left:
            copied = os.copy_file_range(reading.fileno(), writing.fileno(), min(left, _STEP))
            if not copied:
                raise OSError(errno.EIO, f"{source} became shorter while it was copied")
            left -= copied


def link_file(source: Path, target: Path) -> None:
    """Give a file a second name, in place of what stands there; copy it where the file system cannot."""
    target.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        clone_file(source, target)


def sha256(path: Path) -> str:
    """Checksum of a file, as hexadecimal text."""
    with path.open("rb") as reading:
        return hashlib.file_digest(reading, "sha256").hexdigest()


def seal(folder: Path) -> None:
    """Make a folder and all in it read-only, and safe on disk."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(place, name)
            # a file linked from an earlier release is sealed and on disk
            if path.stat().st_mode & 0o777 != READ_ONLY_FILE:
                path.chmod(READ_ONLY_FILE)
                flush(path)
        Path(place).chmod(READ_ONLY_DIR)
    # the folders below come with it: a file system's journal keeps its order
    flush(folder)


@contextmanager
def opened(folder: Path) -> Iterator[None]:
    """Let a sealed folder be changed for a moment."""
    folder.chmod(PRIVATE_DIR)
    try:
        yield
    finally:
        folder.chmod(READ_ONLY_DIR)


def flush(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(folder: Path) -> bool:
    """Delete a folder, sealed or not, and nothing that links lead to.

    Returns:
        Whether it is gone; what cannot be deleted now is left for the next time.
    """
    for place, _, _ in () if folder.is_symlink() else os.walk(folder):
        # another user's: then the files in it may go, or not
        with suppress(OSError):
            Path(place).chmod(PRIVATE_DIR)
    shutil.rmtree(folder, ignore_errors=True)
    return not os.path.lexists(folder)
