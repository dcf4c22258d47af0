"""A night run by Dagster: the same bytes as by the command line, and nothing after a failed gate."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from orchestration.definitions import build_defs
from orchestration.errors import AcrmError, BadBatchError, BusyError
from orchestration.night import run_waiting, writer_lock
from orchestration.plan import Night
from orchestration.resources import told_to_dagster
from orchestration.settings import BatchId, Settings
from orchestration.standing import note_standing, standing
from orchestration.transform import night_variables
from tests.support.bank import Bank
from tests.support.landing import land
from tests.support.warehouse import Warehouse

THURSDAY, FRIDAY, MONDAY = date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2)


def hamlet() -> Bank:
    """Two customers, one of whom pays in on Friday."""
    bank = Bank([THURSDAY, FRIDAY, MONDAY])
    bank.customer("a", opened=date(2025, 12, 1)).holds(600_000).holds(700_000, since=FRIDAY)
    bank.customer("b", opened=date(2025, 12, 1)).holds(60_000)
    return bank


class Nights:
    """A warehouse that only Dagster runs."""

    def __init__(self, home: Path, instance: dg.DagsterInstance) -> None:
        self.warehouse = Warehouse(home)
        self.settings = Settings.load(home)
        self._instance = instance
        self.land(THURSDAY)
        self._job = build_defs(self.settings).resolve_job_def("night")

    def land(self, day: date) -> None:
        land(self.warehouse.home, hamlet().delivery(day))

    def run(self, day: date) -> dg.ExecuteInProcessResult:
        return self._job.execute_in_process(
            partition_key=str(day), instance=self._instance, raise_on_error=False
        )


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Nights(tmp_path_factory.mktemp("dagster"), instance)


def test_nights_in_dagster(nights: Nights, tmp_path: Path) -> None:
    """One warehouse through a good night, a gate that stays shut, and the night that was missing."""
    first = nights.run(THURSDAY)
    assert first.success
    assert {check.check_name for check in first.get_asset_check_evaluations()} > {
        "fit_to_load",
        "fit_to_publish",
    }
    release = nights.warehouse.current.readlink()

    nights.land(MONDAY)
    blocked = nights.run(MONDAY)
    assert not blocked.success
    _assert_stopped_at_gate_1(blocked)
    assert nights.warehouse.current.readlink() == release

    nights.land(FRIDAY)
    refused = nights.run(MONDAY)
    assert "has to run first" in _failure(refused)
    note_standing(nights.settings, "what a night by command has built")
    assert nights.run(FRIDAY).success
    # Dagster builds everything: the next night by command takes nothing for granted
    assert standing(nights.settings) is None

    _assert_same_variables(nights.settings)
    with writer_lock(nights.settings):
        # the run has let go of the lock, and its process of the database
        assert nights.warehouse.current.readlink() != release

    by_command = Warehouse(tmp_path)
    for day in (THURSDAY, FRIDAY):
        land(by_command.home, hamlet().delivery(day))
    run_waiting(Settings.load(by_command.home))
    assert nights.warehouse.parquet_hashes() == by_command.parquet_hashes()


def _assert_stopped_at_gate_1(run: dg.ExecuteInProcessResult) -> None:
    assert "earlier_batch_missing" in _failure(run)
    assert {event.step_key for event in run.all_events if event.is_step_start} == {"ingest", "fit_to_load"}
    (check,) = run.get_asset_check_evaluations()
    assert (check.asset_key.path[-1], check.check_name, check.passed) == ("calendar", "fit_to_load", False)


def _assert_same_variables(settings: Settings) -> None:
    """dbt ran with what the command line would have given it."""
    ran = json.loads((settings.dbt_target / "run_results.json").read_bytes())["args"]
    assert ran["vars"] == night_variables(settings, Night(BatchId(FRIDAY, 1), THURSDAY))
    assert ran["exclude_resource_types"] == ["unit_test"]


def _failure(run: dg.ExecuteInProcessResult) -> str:
    (failure,) = [event.step_failure_data for event in run.all_events if event.is_step_failure]
    return f"{failure.error}"


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        pytest.param(BusyError("busy"), dg.RetryRequested, id="another run writes: later it may not"),
        pytest.param(OSError("stale file handle"), dg.RetryRequested, id="a disk may answer again"),
        pytest.param(BadBatchError([]), dg.Failure, id="a bad batch stays bad"),
        pytest.param(AcrmError("wrong"), dg.Failure, id="so does all else"),
    ],
)
def test_a_retry_only_where_time_can_help(error: Exception, answer: type[Exception]) -> None:
    with pytest.raises(answer), told_to_dagster():
        raise error
