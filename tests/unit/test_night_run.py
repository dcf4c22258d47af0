"""The one sequence of a night: its order, its build step, and what it says when memory runs out."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

import orchestration.night
from orchestration.dbt_results import NodeResult, OnNode
from orchestration.errors import BuildError, ConfigurationError
from orchestration.night import NightRun, Run
from orchestration.plan import Closing, Night
from orchestration.settings import Bank, BatchId, Settings
from orchestration.standing import note_standing, standing
from orchestration.stations import Event, NotItsTurnError
from orchestration.transform import Transform

NIGHT = Night(BatchId(date(2026, 1, 29), 1), None)


class OneModel:
    """A build step that builds one model."""

    manifest: Mapping[str, Any] = {}

    def build(self, night: Night, on_node: OnNode | None = None, *, closing: Closing | None = None) -> None:
        assert on_node is not None
        on_node(NodeResult("model.acrm.fct_x", "fct_x", "success"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(tmp_path, Bank(memory_limit="20MB"))
    settings.database.parent.mkdir()
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("create schema pipeline")
        connection.execute("create table pipeline.closed_month (month_start_date date)")
    return settings


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def night(settings: Settings, told: list[Event]) -> NightRun:
    return Run(settings, told.append, OneModel()).night(NIGHT)


def test_no_station_runs_before_the_one_before_it(night: NightRun) -> None:
    for station in (night.fit_to_load, night.build, night.fit_to_publish, night.publish):
        with pytest.raises(NotItsTurnError, match="A night runs whole"):
            station()
    night.seconds = {"ingest": 1.0, "gate 1": 1.0}
    night.build()
    for station in (night.ingest, night.fit_to_load, night.build, night.publish):
        with pytest.raises(NotItsTurnError, match="A night runs whole"):
            station()


def test_the_build_step_is_the_one_that_was_given(night: NightRun, told: list[Event]) -> None:
    night.seconds = {"ingest": 1.0, "gate 1": 1.0}

    night.build()

    assert [node.name for node in night.nodes] == ["fct_x"]
    assert [event.detail for event in told] == ["", "fct_x · success", "done"]


def test_memory_that_runs_out_names_station_and_setting(night: NightRun, settings: Settings) -> None:
    night.seconds = {"ingest": 1.0, "gate 1": 1.0, "build": 1.0, "gate 2": 1.0}

    def publish() -> None:
        raise duckdb.OutOfMemoryException("Out of Memory Error")

    night.complete = publish  # type: ignore[method-assign]
    night.night = Night(NIGHT.batch, None, is_published=False)
    with pytest.raises(ConfigurationError, match="publish: memory_limit, 20MB, is not enough") as stopped:
        night.publish()
    assert str(settings.home / "bank.yml") in str(stopped.value)
    assert "publish" not in night.seconds


def test_what_is_past_its_term_and_cannot_be_deleted_is_a_warning(
    night: NightRun, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.seconds = {"ingest": 1.0, "gate 1": 1.0, "build": 1.0, "gate 2": 1.0}
    night.night = Night(NIGHT.batch, None, is_published=False)
    night.complete = lambda: None  # type: ignore[method-assign]
    monkeypatch.setattr(orchestration.night, "drop_expired", lambda *_: ["'landing/x' could not be deleted"])
    monkeypatch.setattr("expectations.docs.write_data_docs", lambda *_: None)

    night.publish()

    assert night.warnings == ("Past its term, and still there: 'landing/x' could not be deleted.",)


class FailingRunner:
    """dbt that builds some of what was to be built and fails."""

    def __init__(self, manifest: object, callbacks: list[Any]) -> None:
        self.callbacks = callbacks

    def invoke(self, arguments: list[str]) -> SimpleNamespace:
        seed = SimpleNamespace(unique_id="seed.acrm.tier_rules", node_name="tier_rules", node_status="error")
        result = SimpleNamespace(message="Out of Memory Error: no", num_failures=0, execution_time=0.1)
        data = SimpleNamespace(node_info=seed, run_result=result)
        for callback in self.callbacks:
            callback(SimpleNamespace(info=SimpleNamespace(name="NodeFinished", level="debug"), data=data))
        return SimpleNamespace(success=False, exception=None)


class InterruptedRunner(FailingRunner):
    """dbt that somebody ends."""

    def invoke(self, arguments: list[str]) -> SimpleNamespace:
        return SimpleNamespace(success=False, exception=KeyboardInterrupt())


def test_after_a_build_that_failed_nothing_stands(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    transform = Transform(settings)
    monkeypatch.setattr(transform, "_runner", FailingRunner)
    note_standing(settings, "a project with other settings")

    with pytest.raises(BuildError, match="Memory: memory_limit is 20MB") as failed:
        transform.build(NIGHT)

    assert standing(settings) is None, "the build has replaced part of what stood"
    assert "rebuild" not in str(failed.value)


def test_what_stands_outlives_a_night_that_fails_on_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    transform = Transform(settings)
    monkeypatch.setattr(transform, "_runner", FailingRunner)
    note_standing(settings, transform._checksum)

    with pytest.raises(BuildError):
        transform.build(NIGHT)

    assert standing(settings) == transform._checksum


def test_an_interrupted_build_is_no_fault_of_the_models(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    transform = Transform(settings)
    monkeypatch.setattr(transform, "_runner", InterruptedRunner)

    with pytest.raises(KeyboardInterrupt):
        transform.build(NIGHT)
