"""The writer's lock: one process writes a warehouse at a time, and the others can see what it is at.

Put here: who may write, who may look. Keep out: what is written (``night.py``, ``publication``).
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep

from orchestration.errors import BusyError
from orchestration.settings import Settings, private_folder

Note = Callable[[str], None]
"""Called by the writer with what it is at."""

_LOCK_ATTEMPTS, _LOCK_PAUSE_SECONDS = 20, 0.1


@contextmanager
def writer_lock(settings: Settings) -> Iterator[Note]:
    """Be the one writer of a warehouse; what it is at can be noted for `acrm status`.

    Raises:
        BusyError: Another process is.
    """
    private_folder(settings.home)
    # opened without being emptied: what the writer has noted stays readable for those who wait
    with settings.lock.open("a", encoding="utf-8") as lock:
        # somebody's look at the warehouse takes moments: wait that long, not longer
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

        def note(doing: str) -> None:
            lock.truncate(0)
            lock.write(f"process {os.getpid()}{doing and ', '}{doing}")
            lock.flush()

        note("")
        yield note


@contextmanager
def writer_away(settings: Settings) -> Iterator[str | None]:
    """Keep writers waiting for a moment, to look at what is theirs alone; changes nothing.

    Yields:
        None while nobody writes; else what the writer is at, and nothing of its files may be opened.
    """
    try:
        lock = settings.lock.open(encoding="utf-8")
    except FileNotFoundError:
        # nobody has ever written
        yield None
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield lock.read()
            return
        yield None
