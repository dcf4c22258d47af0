"""The writer's lock: one process writes a warehouse at a time, and the others can see what it is at.

Put here: who may write, and what the writer is at. Keep out: what is written (``night.py``, ``publication``).

Whoever looks never touches the lock: there is a notice board for them, which the writer holds if it can and
does without if it cannot. So no look, however often or long, makes a run wait.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

from orchestration.errors import BusyError
from orchestration.settings import Settings, private_folder

Note = Callable[[str], None]
"""Called by the writer with what it is at."""

_LOCK_ATTEMPTS, _LOCK_PAUSE_SECONDS = 20, 0.1
_BOARD = "writer.note"


@contextmanager
def writer_lock(settings: Settings) -> Iterator[Note]:
    """Be the one writer of a warehouse; what it is at can be noted for `acrm status`.

    Raises:
        BusyError: Another process is.
    """
    private_folder(settings.home)
    with settings.lock.open("a", encoding="utf-8") as lock:
        # short work of another writer, a rollback say, takes moments: wait that long, not longer
        for attempt in range(_LOCK_ATTEMPTS):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if attempt + 1 == _LOCK_ATTEMPTS:
                    raise BusyError(
                        f"{settings.home}: another run is writing. Wait for it, or see `acrm status`."
                    ) from error
                sleep(_LOCK_PAUSE_SECONDS)
        with _board(settings).open("a", encoding="utf-8") as board:

            def note(doing: str) -> None:
                with suppress(BlockingIOError):
                    # somebody may be looking just now; the next note tries again
                    fcntl.flock(board, fcntl.LOCK_EX | fcntl.LOCK_NB)
                board.truncate(0)
                board.write(f"process {os.getpid()}{doing and ', '}{doing}")
                board.flush()

            note("")
            yield note


def writer_at(settings: Settings) -> str | None:
    """What the writer is at; None while nobody writes. Changes nothing, and holds nobody up."""
    try:
        board = _board(settings).open(encoding="utf-8")
    except FileNotFoundError:
        # nobody has ever written
        return None
    with board:
        try:
            fcntl.flock(board, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return board.read()
    return None


def _board(settings: Settings) -> Path:
    return settings.home / _BOARD
