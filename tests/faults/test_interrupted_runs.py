"""Ctrl-C and SIGTERM in every station of a real run: one line that says what to do, a documented code."""

import os
import signal
import subprocess
import time
from dataclasses import replace

import pytest

from orchestration.errors import BuildError, ConfigurationError, ExitCode
from orchestration.night import run_waiting
from orchestration.settings import Settings
from orchestration.transform import Transform
from tests.faults.conftest import CUSTOMERS, SECOND
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
    """And so it does after a run with too little memory: no rebuild is asked for."""
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

    little = replace(settings, bank=settings.bank.model_copy(update={"memory_limit": "20MB"}))
    for stations, build_step in ((little, None), (settings, Transform(little))):
        with pytest.raises((BuildError, ConfigurationError), match="memory_limit") as stopped:
            run_waiting(stations, build_step=build_step)
        assert "rebuild" not in str(stopped.value)

    (finished,) = run_quickly(settings)
    assert finished.release == f"{SECOND}.1"
    (held,) = warehouse.query(
        "select sum(deposit_end_amt) as amt from customer_value.fct_customer_aum_monthly where is_provisional"
    )
    assert held["amt"] == sum(1000 + number for number in range(1, CUSTOMERS + 1))
