"""Whatever ends a command, a person reads a line and an exit code, and never a traceback or a value."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from datetime import date
from pathlib import Path
from threading import Timer

import duckdb
import pytest
import typer

from orchestration.errors import BadBatchError, ExitCode, NotFoundError
from orchestration.failures import FAILURE_LOG, guarded
from orchestration.interrupts import connect
from orchestration.journal import entries
from orchestration.night import NightRun, Run
from orchestration.plan import Night
from orchestration.refusing import is_set_aside
from orchestration.settings import BatchId, Settings
from tests.support.warehouse import COMMAND, PROJECT, tree_hashes

NIGHT = Night(BatchId(date(2026, 1, 29), 1), None)
TEMPORARY = tempfile.gettempdir()
SECRET = "6222020200112233445"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ACRM_HOME", str(tmp_path))
    return Settings.load()


def raising(error: BaseException) -> object:
    raise error


def wrapped(cause: BaseException) -> RuntimeError:
    error = RuntimeError(SECRET)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (NotFoundError("There is no such customer."), ExitCode.NOT_FOUND, "There is no such customer."),
        (OSError(errno.ENOSPC, "x", "lake/part"), ExitCode.STORAGE, "No space left on device: 'lake/part'"),
        (OSError(errno.EROFS, "x", "writer.lock"), ExitCode.STORAGE, "Read-only file system: 'writer.lock'"),
        (PermissionError(errno.EACCES, "x", b"lake"), ExitCode.STORAGE, "Permission denied: 'lake'"),
        (wrapped(OSError(errno.EDQUOT, "x", "lake")), ExitCode.STORAGE, "quota exceeded: 'lake'"),
        (
            duckdb.IOException(f"IO Error: {SECRET} No space left on device"),
            ExitCode.STORAGE,
            "No space left on device",
        ),
        (
            duckdb.IOException(f'Cannot open file "{TEMPORARY}/no.duckdb": Permission denied'),
            ExitCode.STORAGE,
            f"Permission denied: '{TEMPORARY}/no.duckdb'. Nothing else was changed",
        ),
        (
            # what stands between quotes may be a value
            duckdb.IOException(f'"/{SECRET}/{SECRET}" and "{SECRET}": Permission denied'),
            ExitCode.STORAGE,
            "Permission denied. Nothing else was changed",
        ),
        *(
            (
                duckdb.IOException(f"IO Error: {SECRET} {os.strerror(code)}"),
                ExitCode.STORAGE,
                os.strerror(code),
            )
            for code in (errno.EFBIG, errno.EMFILE, errno.ESTALE, errno.ENOTDIR)
        ),
        (MemoryError(), ExitCode.CONFIGURATION, "memory"),
        (ValueError(f"balance {SECRET}"), ExitCode.UNEXPECTED, "an unforeseen failure, ValueError"),
        (duckdb.ConversionException(SECRET), ExitCode.UNEXPECTED, "ConversionException"),
        (type("PanicException", (BaseException,), {})(SECRET), ExitCode.UNEXPECTED, "PanicException"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "Interrupted. What was published stays. Run again."),
        (SystemExit(2), 2, ""),
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_failure_has_one_line_and_its_code(
    settings: Settings, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    assert guarded(lambda: raising(error)) == code
    printed = capsys.readouterr()
    assert said in printed.err and len(printed.err.splitlines()) == bool(said)
    assert SECRET not in printed.err + printed.out


def test_what_nobody_foresaw_is_kept_where_only_the_user_reads_it(settings: Settings) -> None:
    guarded(lambda: raising(ValueError("why")))
    log = settings.home / FAILURE_LOG
    assert "ValueError: why" in log.read_text(encoding="utf-8") and log.stat().st_mode & 0o077 == 0


def test_a_home_that_cannot_be_written_still_gets_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ACRM_HOME", str(tmp_path / "file"))
    assert guarded(lambda: raising(ValueError("why"))) == ExitCode.UNEXPECTED
    assert "Nothing could be written down of it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_an_interrupt_names_the_station_and_says_what_to_do(
    settings: Settings, capsys: pytest.CaptureFixture[str], number: signal.Signals, code: ExitCode
) -> None:
    night = Run(settings).night(NIGHT)

    def work() -> None:
        with night._station("ingest"):
            # the second one right after must not cut short what the first one starts
            try:
                os.kill(os.getpid(), number)
            finally:
                os.kill(os.getpid(), number)

    assert guarded(work) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"Interrupted in ingest of {NIGHT.batch}; nothing of it is published. Run again."
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    (noted,) = entries(settings)
    assert (noted.did, noted.station, noted.exit_code, noted.lines) == ("failed", "ingest", code, (line,))


def test_a_failure_names_its_station(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    night: NightRun = Run(settings).night(NIGHT)

    def work() -> None:
        with night._station("ingest"):
            raise OSError(errno.ENOSPC, "x", "lake/part")

    assert guarded(work) == ExitCode.STORAGE
    assert capsys.readouterr().err.startswith(f"{NIGHT.batch}, ingest: No space left on device")


@pytest.mark.parametrize(
    ("redirection", "code"),
    [("| head -0", 0), ("> /dev/full", ExitCode.STORAGE), (">&-", 0), ("2>&-", 0)],
)
def test_output_that_nobody_takes_stops_nothing(tmp_path: Path, redirection: str, code: int) -> None:
    landing = tmp_path / "landing"
    landing.mkdir()
    done = subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$@" status {redirection}', "-", *COMMAND],
        cwd=PROJECT,
        env={**os.environ, "ACRM_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert len(done.stderr.splitlines()) == (1 if code else 0)
    # nor does looking write anything
    assert tree_hashes(tmp_path) == {}


def test_a_run_without_landing_has_its_own_code(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "run"],
        cwd=PROJECT,
        env={**os.environ, "ACRM_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ExitCode.LANDING_UNREAD
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{tmp_path}/landing is not there") and sys.executable not in line


def test_an_interrupt_within_a_query_is_one_too(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    night = Run(settings).night(NIGHT)

    def work() -> None:
        with night._station("ingest"), connect() as connection:
            Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
            # DuckDB gives up with an error of its own
            connection.execute("select sum(a.range * b.range) from range(10_000_000) a, range(10_000_000) b")

    assert guarded(work) == ExitCode.INTERRUPTED
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"Interrupted in ingest of {NIGHT.batch}; nothing of it is published. Run again."
    assert not (settings.home / FAILURE_LOG).exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_an_error_after_a_swallowed_interrupt_is_told_as_that_interrupt(
    capsys: pytest.CaptureFixture[str], number: signal.Signals, code: ExitCode
) -> None:
    def work() -> None:
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        raise NotFoundError("what a library had no answer for")

    assert guarded(work) == code
    assert capsys.readouterr().err.startswith("Interrupted. ")


@pytest.mark.parametrize("swallowed", ["an error of its own", "no error"])
def test_what_a_library_makes_of_an_interrupt_is_no_fault_of_the_delivery(
    settings: Settings, capsys: pytest.CaptureFixture[str], swallowed: str
) -> None:
    night = Run(settings).night(NIGHT)

    def work() -> None:
        with night._station("ingest"):
            with suppress(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
            with night._refusable():
                if swallowed == "an error of its own":
                    raise BadBatchError("the file cannot be read")
        with night._station("gate 1"):
            pytest.fail("the night went on")

    assert guarded(work) == ExitCode.INTERRUPTED
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Interrupted in ") and line.endswith("Run again.")
    assert not is_set_aside(settings, NIGHT.batch)


def test_an_interrupt_is_told_through_the_command_line_as_well(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = typer.Typer()

    @command.command()
    def wait() -> None:
        with Run(settings).night(NIGHT)._station("ingest"):
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(sys, "argv", ["acrm"])
    assert guarded(command) == ExitCode.TERMINATED
    assert f"Interrupted in ingest of {NIGHT.batch}" in capsys.readouterr().err
