"""Ctrl-C and SIGTERM: how they reach a command, also through libraries that make other errors of them."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from time import monotonic
from types import FrameType
from weakref import WeakSet

import duckdb

_AGAIN_SECONDS = 2.0
_signalled: list[int] = []
"""Numbers of the signals that came since the command began."""
_connections: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Have SIGTERM end a command as Ctrl-C does; one right after another is let pass."""
    last = -_AGAIN_SECONDS
    _signalled.clear()

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = monotonic()
        if now - last < _AGAIN_SECONDS:
            return
        last = now
        _signalled.append(number)
        for connection in list(_connections):
            with suppress(duckdb.Error):
                connection.interrupt()
        raise Interrupted(number)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        _signalled.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def connect(
    database: str = ":memory:",
    *,
    read_only: bool = False,
    config: Mapping[str, str | int | float | list[str]] | None = None,
) -> duckdb.DuckDBPyConnection:
    """DuckDB's own ``connect``, with queries that an interrupt ends.

    Without being told, DuckDB raises in Python at once and goes on with the query: the next word to the
    connection, be it ``close``, waits for its end.
    """
    connection = duckdb.connect(database, read_only=read_only, config=dict(config or {}))
    _connections.add(connection)
    return connection


def raise_if_interrupted() -> None:
    """End the command here, where a library took an interrupt for an error of its own.

    DuckDB raises ``RuntimeError`` for it, and Great Expectations notes that as the answer of a check.

    Raises:
        Interrupted: A signal came since the command began.
    """
    number = signalled()
    if number is not None:
        raise Interrupted(number)


def signalled() -> int | None:
    """Number of the last signal since the command began, if there was one."""
    return _signalled[-1] if _signalled else None


def is_interrupt(error: BaseException) -> bool:
    """Whether an interrupt is behind an error."""
    return isinstance(error, KeyboardInterrupt) or signalled() is not None
