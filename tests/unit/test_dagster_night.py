"""A night run by Dagster: the same bytes as by the command line, and nothing after a failed gate."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.dbt_results import NodeResult, OnNode
from orchestration.definitions import build_defs
from orchestration.errors import AcrmError, BadBatchError, BuildError, BusyError
from orchestration.lock import writer_lock
from orchestration.night import run_waiting
from orchestration.plan import Closing, Night
from orchestration.resources import _progress, told_to_dagster
from orchestration.settings import BatchId, Settings
from orchestration.standing import standing
from orchestration.stations import Event
from orchestration.transform import Transform
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
        self.manifest = Transform(self.settings).manifest
        self.land(THURSDAY)
        self._job = build_defs(self.settings).resolve_job_def("night")

    def land(self, day: date) -> None:
        land(self.warehouse.home, hamlet().delivery(day))

    def run(self, day: date, **options: Any) -> dg.ExecuteInProcessResult:
        return self._job.execute_in_process(
            partition_key=str(day), instance=self._instance, raise_on_error=False, **options
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
    some_models = nights.run(FRIDAY, asset_selection=[dg.AssetKey(["customer_value", "fct_tier_event"])])
    assert "Some models only would leave the others behind" in _failure(some_models)
    second = nights.run(FRIDAY)
    assert second.success
    _assert_only_what_changes_was_built(first, second, nights.manifest)
    assert standing(nights.settings) is not None

    with writer_lock(nights.settings):
        # the run has let go of the lock, and its process of the database
        assert nights.warehouse.current.readlink() != release

    by_command = Warehouse(tmp_path)
    for day in (THURSDAY, FRIDAY):
        land(by_command.home, hamlet().delivery(day))
    run_waiting(Settings.load(by_command.home))
    assert nights.warehouse.parquet_hashes() == by_command.parquet_hashes()

    _assert_a_build_that_fails_says_what(nights)


def _assert_stopped_at_gate_1(run: dg.ExecuteInProcessResult) -> None:
    assert "earlier_batch_missing" in _failure(run)
    assert _steps(run) == {"ingest", "fit_to_load"}
    (check,) = run.get_asset_check_evaluations()
    assert (check.asset_key.path[-1], check.check_name, check.passed) == ("calendar", "fit_to_load", False)


def _assert_only_what_changes_was_built(
    first: dg.ExecuteInProcessResult, second: dg.ExecuteInProcessResult, manifest: Mapping[str, Any]
) -> None:
    """Every node has its event on both nights; seeds, and views of every night alike, are built once."""
    nodes = sorted(node for node in manifest["nodes"] if not node.startswith("operation."))
    for run in (first, second):
        assert sorted(_statuses(run)) == nodes
    assert set(_statuses(first).values()) == {"success", "pass"}
    reused = {node for node, status in _statuses(second).items() if status == "reused"}
    assert {node for node in manifest["nodes"] if node.startswith("seed.")} < reused
    assert "model.acrm.stg_core_banking__customers" in reused
    assert "model.acrm.fct_customer_aum_monthly" not in reused
    assert set(_statuses(second).values()) == {"success", "pass", "reused"}


def _statuses(run: dg.ExecuteInProcessResult) -> dict[str, str]:
    """What became of dbt's nodes, by Dagster's events: of each model and seed, and of each test."""
    made = run.asset_materializations_for_node("build")
    events = [*made, *(check for check in run.get_asset_check_evaluations() if "unique_id" in check.metadata)]
    statuses = {
        str(event.metadata["unique_id"].value): str(event.metadata["status"].value) for event in events
    }
    assert len(statuses) == len(events), "a node has one event"
    return statuses


class FailingBuild:
    """A build step that builds one model, finds a test's rows and stops."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self.manifest = manifest

    def build(self, night: Night, on_node: OnNode | None = None, *, closing: Closing | None = None) -> None:
        assert on_node is not None
        tests = (key for key in self.manifest["nodes"] if key.startswith("test.acrm.unique_grain_"))
        on_node(NodeResult("model.acrm.fct_tier_event", "fct_tier_event", "success"))
        on_node(NodeResult(next(tests), "unique_grain", "fail", failures=17))
        on_node(NodeResult(next(tests), "unique_grain", "skipped"))
        raise BuildError("17 rows")


def _assert_a_build_that_fails_says_what(nights: Nights) -> None:
    release = nights.warehouse.current.readlink()
    failed = nights.run(MONDAY, resources={"dbt": FailingBuild(nights.manifest)})

    assert "17 rows" in _failure(failed)
    assert _steps(failed) == {"ingest", "fit_to_load", "build"}
    assert sorted(_statuses(failed).values()) == ["fail", "success"]
    (check,) = [check for check in failed.get_asset_check_evaluations() if not check.passed]
    assert check.metadata["dagster_dbt/failed_row_count"].value == 17
    assert nights.warehouse.current.readlink() == release


def _steps(run: dg.ExecuteInProcessResult) -> set[str | None]:
    return {event.step_key for event in run.all_events if event.is_step_start}


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


class Log:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, line: str) -> None:
        self.lines.append(line)


def test_the_log_tells_every_station_and_now_and_then_what_it_is_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node every second: a line every ten seconds, and one where the station begins and ends."""
    log, batch, clock = Log(), BatchId(FRIDAY, 1), iter(range(1000))
    monkeypatch.setattr("orchestration.resources.monotonic", lambda: next(clock) / 2)
    tell = _progress(log)  # type: ignore[arg-type]

    tell(Event(batch, "build"))
    for number in range(30):
        tell(Event(batch, "build", f"model {number} · success"))
    tell(Event(batch, "build", "done", 30.0))

    assert log.lines[0].endswith("build · begins") and log.lines[-1].endswith("build · done")
    assert 3 <= len(log.lines) <= 5
