"""What a person reads when a command ends otherwise than well: a line and an exit code, never a traceback.

Put here: turning whatever was raised into a line, interrupts, and output that nobody takes. Keep out: errors
that know their own line (``errors.py``).

The line of a failure that nobody foresaw names its kind and station and quotes nothing, since what libraries
say may hold values. All that is known of it goes to a private file in the warehouse.
"""

import errno
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from orchestration.errors import AcrmError, ExitCode
from orchestration.interrupts import Interrupted, interruptible, is_interrupt, signalled
from orchestration.settings import PRIVATE_FILE, Settings, private_folder

FAILURE_LOG = "failure.log"
_AT = "at: "


def place(error: BaseException, where: str) -> None:
    """Keep with an error at which batch and station it was raised, the innermost first."""
    error.add_note(f"{_AT}{where}")


def guarded(command: Callable[[], object]) -> int:
    """Run a command; whatever it raises is a line on standard error. Returns the exit code."""
    with interruptible(), _output() as lost:
        code = _guarded(command)
    if lost and code == ExitCode.OK:
        _say([f"The output could not be written: {lost[0]}. What was to be done is done."])
        return int(ExitCode.STORAGE)
    return code


def _guarded(command: Callable[[], object]) -> int:
    try:
        code = command()
        return code if isinstance(code, int) else int(ExitCode.OK)
    except SystemExit as error:
        if _is_of_an_interrupt(error):
            return _interrupted(error)
        return error.code if isinstance(error.code, int) else int(ExitCode.OK)
    except BaseException as error:
        if _is_of_an_interrupt(error):
            return _interrupted(error)
        if isinstance(error, AcrmError):
            _say(str(error).splitlines())
            return int(error.exit_code)
        # a panic in a library is none of Exception
        return _unforeseen(error)


def _is_of_an_interrupt(error: BaseException) -> bool:
    return is_interrupt(error) or any(isinstance(cause, KeyboardInterrupt) for cause in _chain(error))


def _interrupted(error: BaseException) -> int:
    lines, code = _of_an_interrupt(error)
    _say(lines)
    return int(code)


def _of_an_interrupt(error: BaseException) -> tuple[list[str], ExitCode]:
    chain = list(_chain(error))
    number = next((cause.number for cause in chain if isinstance(cause, Interrupted)), signalled())
    where = _where(chain)
    line = (
        f"Interrupted in {where}. Run again."
        if where
        else "Interrupted. What was published stays. Run again."
    )
    return [line], ExitCode.TERMINATED if number == signal.SIGTERM else ExitCode.INTERRUPTED


def told(error: BaseException) -> tuple[list[str], ExitCode]:
    """What is said of an error that ended a night, with its exit code; nothing that may be private."""
    if _is_of_an_interrupt(error):
        return _of_an_interrupt(error)
    if isinstance(error, AcrmError):
        return str(error).splitlines(), error.exit_code
    known = _of_the_machine(error)
    return known or (
        [f"{_at(error)}an unforeseen failure, {type(error).__name__}."],
        ExitCode.UNEXPECTED,
    )


def is_placed(error: BaseException) -> bool:
    """Whether a station of a night has said of the error where it was raised."""
    return _where(list(_chain(error))) is not None


def _at(error: BaseException) -> str:
    where = _where(list(_chain(error)))
    return f"{where}: " if where else ""


def _of_the_machine(error: BaseException) -> tuple[list[str], ExitCode] | None:
    """What is said where disk, rights or memory are the cause."""
    chain = list(_chain(error))
    system = next((cause for cause in chain if isinstance(cause, OSError) and cause.errno), None)
    said = _storage(chain)
    if system is not None or said is not None:
        what = said or _system(system)
        return [f"{_at(error)}{what}. Nothing else was changed. Mend that, then run again."], ExitCode.STORAGE
    if isinstance(error, MemoryError):
        return [
            f"{_at(error)}the memory is not enough. Close what else runs, then run again."
        ], ExitCode.CONFIGURATION
    return None


def _unforeseen(error: BaseException) -> int:
    known = _of_the_machine(error)
    if known is not None:
        lines, code = known
        _say(lines)
        if code == ExitCode.STORAGE:
            _keep(error)
        return int(code)
    kept = _keep(error)
    known_of_it = f"What is known of it is in {kept}" if kept else "Nothing could be written down of it"
    lines, code = told(error)
    _say([f"{lines[0].removesuffix('.')}. {known_of_it}; run again, and report it if it stays."])
    return int(code)


def _system(error: OSError | None) -> str:
    assert error is not None
    file = (
        f": {os.fsdecode(error.filename)!a}" if isinstance(error.filename, str | bytes | os.PathLike) else ""
    )
    return f"{os.strerror(error.errno or 0)}{file}"


def _storage(chain: list[BaseException]) -> str | None:
    """What DuckDB, Arrow or Polars say of a disk; their errors carry no number."""
    words = {
        os.strerror(code)
        for code in (
            errno.ENOSPC,
            errno.EROFS,
            errno.EACCES,
            errno.EPERM,
            errno.EDQUOT,
            errno.EIO,
            errno.ENOENT,
            errno.ENOTDIR,
            errno.EFBIG,
            errno.EMFILE,
            errno.ESTALE,
        )
    }
    for cause in chain:
        if type(cause).__module__.split(".")[0] in ("duckdb", "_duckdb", "pyarrow", "polars"):
            found = next((word for word in sorted(words) if word in str(cause)), None)
            if found is not None:
                return f"{found}{_place_in(str(cause))}"
    return None


def _place_in(said: str) -> str:
    """The file that a library names; what else it puts between quotes may be a value."""
    path = re.search(r'"(/[^"\n]+)"', said)
    return f": {path[1]!a}" if path and Path(path[1]).parent.is_dir() else ""


def _keep(error: BaseException) -> str | None:
    """Write an error down where only the warehouse's user reads it; returns where."""
    with suppress(OSError, AcrmError):
        path = private_folder(Settings.load().home) / FAILURE_LOG
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
        with os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace") as log:
            log.write("".join(traceback.format_exception(error)) + "\n")
        return str(path)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _where(chain: list[BaseException]) -> str | None:
    notes = [note for error in chain for note in getattr(error, "__notes__", ())]
    return next((note.removeprefix(_AT) for note in notes if note.startswith(_AT)), None)


def _say(lines: list[str]) -> None:
    with suppress(OSError, ValueError):
        for line in lines:
            sys.stderr.write(line.encode("utf-8", "backslashreplace").decode() + "\n")
        sys.stderr.flush()


@contextmanager
def _output() -> Iterator[list[str]]:
    """Let a command go on where nobody takes what it prints; why is in the list, unless the reader left."""
    lost: list[str] = []
    before = sys.stdout, sys.stderr
    for name in ("stdout", "stderr"):
        setattr(sys, name, _Surviving(getattr(sys, name) or StringIO(), lost))
    try:
        yield lost
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        sys.stdout, sys.stderr = before


class _Surviving:
    """A stream that takes everything, whatever becomes of it."""

    def __init__(self, stream: TextIO, lost: list[str]) -> None:
        self._stream, self._lost = stream, lost
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # a terminal that cannot show a character shows another
            reconfigure(errors="backslashreplace")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._survived():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._survived():
            self._stream.flush()

    @contextmanager
    def _survived(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno != errno.EPIPE:
                self._lost.append(os.strerror(error.errno or 0))
            # Python flushes once more at its end, and would fail again
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
