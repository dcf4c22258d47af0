"""Ctrl-C and SIGTERM in every station of a real run: one line that says what to do, a documented code."""

import os
import signal
import subprocess
import time

import pytest

from orchestration.errors import ExitCode
from orchestration.settings import Settings
from tests.faults.conftest import SECOND
from tests.support.quick_build import run_quickly
from tests.support.warehouse import COMMAND, Warehouse, tree_hashes

INTERRUPTED = (
    # station, seconds after its beginning, signal, exit code
    ("ingest", 0.0, signal.SIGINT, ExitCode.INTERRUPTED),
    ("gate 1", 0.2, signal.SIGTERM, ExitCode.TERMINATED),
    ("build", 2.0, signal.SIGINT, ExitCode.INTERRUPTED),
    ("gate 2", 0.2, signal.SIGTERM, ExitCode.TERMINATED),
    ("publish", 0.0, signal.SIGINT, ExitCode.INTERRUPTED),
)


def start(warehouse: Warehouse) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*COMMAND, "run"],
        cwd=warehouse.project,
        env={**warehouse.environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.usefixtures("batch")
def test_a_signal_in_any_station_is_one_line_and_the_next_run_comes_out_right(
    warehouse: Warehouse, settings: Settings
) -> None:
    published = tree_hashes(settings.published)
    for station, seconds, number, code in INTERRUPTED:
        with start(warehouse) as run:
            for line in run.stdout:
                if f"· {station} …" in line:
                    break
            time.sleep(seconds)
            # as a terminal does: to the whole group
            os.killpg(run.pid, number)
            _, said = run.communicate(timeout=120)
        assert (run.returncode, said.splitlines()) == (
            code,
            [f"Interrupted in {station} of {SECOND} sequence 1; nothing of it is published. Run again."],
        ), said
        assert {
            path: digest for path, digest in tree_hashes(settings.published).items() if path in published
        } == published

    (finished,) = run_quickly(settings)
    assert finished.release == f"{SECOND}.1"
