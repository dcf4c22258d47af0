"""Looking at a warehouse: what is printed is what is there, and nobody who looks stops a run."""

import fcntl
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.answers import answer
from orchestration.cli import app
from orchestration.console import progress, show_results
from orchestration.errors import ExitCode, PublicationError, QueryError
from orchestration.lock import writer_lock
from orchestration.releases.on_disk import open_current
from orchestration.settings import BatchId, Settings
from orchestration.stations import STATIONS, Event, NightResult
from orchestration.status import show_releases, show_status
from orchestration.turns import waiting_turns
from orchestration.waiting import processed_nights
from tests.support.warehouse import tree_hashes
from tests.unit.test_dagster_sensors import FRIDAY, MONDAY, THURSDAY, land, process

WRITER = """
import sys, duckdb
from pathlib import Path
from orchestration.lock import writer_lock
from orchestration.settings import Settings
settings = Settings.load(Path(sys.argv[1]))
with writer_lock(settings) as note, duckdb.connect(str(settings.database)) as connection:
    connection.execute("insert into pipeline.night values (date '2026-02-02', 1, true)")
    note("at 2026-02-02 sequence 1, build")
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Two nights run and published, a third one waiting."""
    settings = Settings.load(tmp_path / "home")
    for day in (THURSDAY, FRIDAY, MONDAY):
        land(settings, day)
    process(settings, (THURSDAY, 1), (FRIDAY, 1))
    with duckdb.connect(str(settings.published / f"{FRIDAY}.1" / "acrm.duckdb")) as database:
        database.execute("create table customer as select 'C[b]2' as customer_id, 'a [/b] :smile:' as name")
    return settings


@contextmanager
def a_run(settings: Settings) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock and writes the build database."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(settings.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        yield writer
        # it is killed, so that what it wrote stands in DuckDB's log alone
        writer.kill()


@pytest.mark.parametrize(
    ("query", "printed"),
    [
        ("select customer_id from customer", "C[b]2"),
        ("select name from customer", "a [/b] :smile:"),
        ("select ['a', 'b'] as l", "['a', 'b']"),
        ('select 1 as "[/x]"', "[/x]"),
        ("select null as n, 1.50::decimal(9, 2) as d", "1.50"),
    ],
)
def test_a_value_is_printed_as_it_is(
    settings: Settings, capsys: pytest.CaptureFixture[str], query: str, printed: str
) -> None:
    answer(settings, query)
    assert f"┃ {printed} " in (out := capsys.readouterr().out) or f"│ {printed} " in out


def test_every_line_of_a_run_begins_with_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    batch = BatchId(date(2026, 2, 2), 1)
    with progress() as show:
        for event in (
            Event(batch, "build"),
            Event(batch, "build", "12 of 90"),
            Event(batch, "build", "", 1.5),
        ):
            show(event)

    lines = capsys.readouterr().out.splitlines()
    time = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d"
    assert [re.sub(f"^{time} ", "TIME ", line) for line in lines] == [
        "TIME 2026-02-02/1 · build …",
        "TIME 2026-02-02/1 · build · 1.5 s",
    ]


def test_libraries_keep_quiet() -> None:
    """Great Expectations tells of its temporary folders at INFO, whoever else sets up logging."""
    program = (
        "import expectations.datasource, logging; logging.basicConfig(level=logging.INFO);"
        "import great_expectations as gx; gx.get_context(mode='ephemeral')"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "INFO:great_expectations" not in said.stdout + said.stderr


def test_a_warning_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = dict.fromkeys(STATIONS, 1.0)
    batch = BatchId(date(2026, 2, 2), 1)

    show_results([NightResult(batch, None, 1, 1, ("deposit_balance · [/branch]: unknown",), seconds)])

    assert "warning deposit_balance · [/branch]: unknown" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("selec 1", "syntax error"),
        ("select nonsense from customer", 'Referenced column "nonsense" not found'),
        ("select * from nowhere", "nowhere does not exist"),
        ("", "no query"),
        ("select customer_id::integer from customer", "Could not convert"),
        ("create table x as select 1", "read-only"),
        ("select * from read_csv('/etc/hostname')", "disabled"),
    ],
)
def test_a_query_that_cannot_be_answered_is_one_line_of_usage(
    settings: Settings, query: str, said: str
) -> None:
    with pytest.raises(QueryError, match=said) as refused:
        answer(settings, query)
    assert refused.value.exit_code == ExitCode.USAGE
    assert len(str(refused.value).splitlines()) == 1


def test_a_release_that_cannot_be_read_is_one_line(settings: Settings) -> None:
    database = settings.published / f"{FRIDAY}.1" / "acrm.duckdb"
    database.write_bytes(b"no database " * 1000)
    with pytest.raises(PublicationError, match="cannot be read") as damaged, open_current(settings):
        pass
    assert len(str(damaged.value).splitlines()) == 1


def test_looking_changes_nothing(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    before = tree_hashes(settings.home)
    show_status(settings)
    show_releases(settings)
    answer(settings, "from customer")
    assert tree_hashes(settings.home) == before
    out = capsys.readouterr().out
    assert "3 business dates, 1 night waiting." in out and "is writing" not in out


def test_a_question_larger_than_the_memory_writes_nothing_into_the_release(settings: Settings) -> None:
    before = tree_hashes(settings.home)
    with open_current(settings) as connection:
        connection.execute("set memory_limit = '60MB'")
        connection.execute("set threads = 1")
        large = (
            "select range as n, repeat('x', 50) || range::varchar as text from range(2000000) order by text"
        )
        connection.execute(f"create temp table large as {large}")
        assert tree_hashes(settings.home) == before
        (room,) = connection.execute("select current_setting('temp_directory')").fetchone()
        assert any(Path(room).iterdir()), "the question was too small"
    assert not Path(room).exists()


def test_status_during_a_run_says_what_it_is_at(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_run(settings) as writer:
        show_status(settings)
        show_releases(settings)
        answer(settings, "from customer")
        assert writer.poll() is None
    out = capsys.readouterr().out
    assert f"process {writer.pid}, at 2026-02-02 sequence 1, build" in out
    assert "1 night waiting" in out and f"{FRIDAY}.1 ← current" in out


def test_status_after_a_run_that_was_killed_sees_what_it_had_done(settings: Settings) -> None:
    with a_run(settings):
        pass
    assert processed_nights(settings)[-1].batch == BatchId(date(2026, 2, 2), 1)


def test_no_look_however_long_keeps_a_run_from_starting(settings: Settings) -> None:
    with writer_lock(settings):
        pass
    # all that whoever looks may open, kept open and held as a look that was stopped in the middle would
    with ExitStack() as looks:
        for path in (path for path in settings.home.iterdir() if path.is_file() and path != settings.lock):
            look = looks.enter_context(path.open())
            fcntl.flock(look, fcntl.LOCK_SH)
        begun = time.monotonic()
        with writer_lock(settings) as note:
            note("at work")
        assert time.monotonic() - begun < 1


@pytest.mark.parametrize("look", [show_status, show_releases, waiting_turns])
def test_looking_opens_neither_lock_nor_build_database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, look: Callable[[Settings], object]
) -> None:
    with writer_lock(settings):
        pass
    opened: list[str] = []
    open_path, connect = Path.open, duckdb.connect

    def noting_open(path: Path, *arguments: Any, **more: Any) -> Any:
        opened.append(path.name)
        return open_path(path, *arguments, **more)

    def noting_connect(database: str, *arguments: Any, **more: Any) -> Any:
        opened.append(Path(database).name)
        return connect(database, *arguments, **more)

    monkeypatch.setattr(Path, "open", noting_open)
    monkeypatch.setattr(duckdb, "connect", noting_connect)
    look(settings)

    assert opened, "it looked at nothing"
    assert not {settings.lock.name, settings.database.name} & set(opened)


@pytest.mark.parametrize(
    "arguments",
    [
        ("backfill", "--from", FRIDAY, "--to", THURSDAY),
        ("run", "--date", FRIDAY, "--until", THURSDAY),
        ("import", "berka", ".", "--from", FRIDAY, "--to", THURSDAY),
    ],
)
def test_a_range_the_wrong_way_round_is_refused(settings: Settings, arguments: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(app, list(arguments), env={"ACRM_HOME": str(settings.home)})
    assert answer.exit_code == ExitCode.USAGE
    assert f"{FRIDAY} is after" in answer.output


def test_the_version_is_that_of_the_package():
    done = CliRunner().invoke(app, ["--version"])

    assert (done.exit_code, done.stdout) == (0, f"acrm {version('acrm')}\n")
