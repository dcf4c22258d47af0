"""What the sensor and the schedule start: the first waiting night, complete batches only, each turn once."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.assets.landing import LANDED_BATCH
from orchestration.assets.release import RELEASE
from orchestration.errors import LandingError, NotFitToLoadError
from orchestration.journal import Journal, entries
from orchestration.lock import writer_lock
from orchestration.partitions import business_dates
from orchestration.releases.catalog import BatchRow, Catalog, DataAsOf
from orchestration.releases.on_disk import switch
from orchestration.reported import MadeByNights
from orchestration.schedules import nightly
from orchestration.sensors import arrival
from orchestration.settings import BatchId, Settings

MART = dg.AssetKey(["customer_value", "fct_tier_event"])
CHECK = dg.AssetCheckKey(MART, "fit_to_publish")
MADE = MadeByNights((MART, RELEASE), (CHECK,))
THURSDAY, FRIDAY, MONDAY = "2026-01-29", "2026-01-30", "2026-02-02"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.load(tmp_path)
    settings.landing.mkdir()
    return settings


@pytest.fixture
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("instance"))) as instance:
        yield instance


def land(settings: Settings, day: str, sequence: int = 1, *, complete: bool = True) -> None:
    folder = settings.landing / f"business_date={day}" / f"sequence={sequence}"
    folder.mkdir(parents=True, exist_ok=True)
    if complete:
        (folder / "manifest.json").write_text("{}", encoding="utf-8")


def process(settings: Settings, *nights: tuple[str, int]) -> None:
    """Write down that these nights are done and published, as the last station does."""
    settings.database.parent.mkdir(exist_ok=True)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("create schema if not exists pipeline")
        connection.execute(
            "create or replace table pipeline.night (business_date date, sequence integer, has_state boolean)"
        )
        for day, sequence in nights:
            connection.execute("insert into pipeline.night values (?, ?, true)", [day, sequence])
    batches = [BatchRow(business_date=date.fromisoformat(day), sequence=sequence) for day, sequence in nights]
    release = settings.published / f"{nights[-1][0]}.1"
    release.mkdir(parents=True, exist_ok=True)
    Catalog(
        release=release.name,
        publication=1,
        schema_version=1,
        written_by="test",
        data_as_of=DataAsOf(**batches[-1].model_dump(), rulebook_code="documents", reporting_currency="CNY"),
        batches=tuple(batches),
        tables=(),
    ).write(release)
    switch(settings, release.name)


def look(settings: Settings, instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    sensor = arrival(settings, business_dates(settings), MADE)
    result = sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(result, dg.SensorResult)
    return result


def requested(result: dg.SensorResult) -> list[str | None]:
    return [request.partition_key for request in result.run_requests or []]


def key(result: dg.SensorResult) -> str | None:
    (request,) = result.run_requests or []
    return request.run_key


def test_nothing_landed_starts_nothing(settings: Settings, instance: dg.DagsterInstance) -> None:
    result = look(settings, instance)
    assert requested(result) == []
    assert "No batch is waiting" in str(result.skip_reason)


def test_a_folder_without_a_manifest_is_not_there_yet(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    land(settings, THURSDAY, complete=False)
    assert requested(look(settings, instance)) == []


def test_only_the_first_waiting_night_is_requested(settings: Settings, instance: dg.DagsterInstance) -> None:
    for day in (MONDAY, FRIDAY, THURSDAY):
        land(settings, day)
    assert requested(look(settings, instance)) == [THURSDAY]
    process(settings, (THURSDAY, 1))
    assert requested(look(settings, instance)) == [FRIDAY]


def test_a_night_has_one_key_until_it_is_sent_again(settings: Settings, instance: dg.DagsterInstance) -> None:
    land(settings, THURSDAY)
    first = key(look(settings, instance))
    assert key(look(settings, instance)) == first
    land(settings, THURSDAY, sequence=2)
    assert key(look(settings, instance)) != first


def test_a_night_that_lacked_the_one_before_it_is_requested_again(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    for day in (THURSDAY, MONDAY):
        land(settings, day)
    process(settings, (THURSDAY, 1))
    without_friday = key(look(settings, instance))
    land(settings, FRIDAY)
    assert requested(look(settings, instance)) == [FRIDAY]
    process(settings, (THURSDAY, 1), (FRIDAY, 1))
    result = look(settings, instance)
    assert requested(result) == [MONDAY]
    assert key(result) != without_friday


def test_a_late_correction_starts_the_newest_night_again(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    for day in (THURSDAY, FRIDAY, MONDAY):
        land(settings, day)
    process(settings, (THURSDAY, 1), (FRIDAY, 1), (MONDAY, 1))
    land(settings, FRIDAY, sequence=2)
    result = look(settings, instance)
    assert requested(result) == [MONDAY]
    assert f"with {FRIDAY} sequence 2" in str(key(result))


def test_an_arrival_is_reported_once(settings: Settings, instance: dg.DagsterInstance) -> None:
    land(settings, THURSDAY)
    first = look(settings, instance)
    assert [event.partition for event in first.asset_events] == [THURSDAY]
    land(settings, FRIDAY)
    second = look(settings, instance, first.cursor)
    assert [event.partition for event in second.asset_events] == [FRIDAY]


def test_a_batch_of_a_day_to_come_waits(settings: Settings, instance: dg.DagsterInstance) -> None:
    land(settings, "2199-01-01")
    result = look(settings, instance)
    assert requested(result) == []
    assert "no partition" in str(result.skip_reason)


def test_while_another_run_writes_nothing_is_requested(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    land(settings, THURSDAY)
    with writer_lock(settings):
        result = look(settings, instance)
    assert requested(result) == []
    assert "another run is writing" in str(result.skip_reason)


def test_what_no_run_takes_is_told_and_nothing_waits_for_it(
    settings: Settings, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    land(settings, THURSDAY)
    process(settings, (THURSDAY, 1))
    land(settings, FRIDAY)
    land(settings, "2016-01-29")
    assert requested(look(settings, instance)) == [FRIDAY]
    assert "batch_out_of_bounds" in capfd.readouterr().err


def test_a_landing_that_is_gone_is_no_empty_one(settings: Settings, instance: dg.DagsterInstance) -> None:
    settings.landing.rmdir()
    with pytest.raises(LandingError):
        look(settings, instance)


def test_while_a_night_runs_nothing_is_requested(settings: Settings, instance: dg.DagsterInstance) -> None:
    land(settings, THURSDAY)
    instance.add_run(dg.DagsterRun(job_name="night", status=dg.DagsterRunStatus.STARTED))
    assert requested(look(settings, instance)) == []


def test_the_schedule_requests_all_waiting_nights_in_order(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    for day in (MONDAY, THURSDAY, FRIDAY):
        land(settings, day)
    process(settings, (THURSDAY, 1))
    at_half_past_two = datetime.fromisoformat("2026-02-03T02:30:00+08:00")
    requests = list(
        nightly(settings)(
            dg.build_schedule_context(instance=instance, scheduled_execution_time=at_half_past_two)
        )
    )
    assert [request.partition_key for request in requests] == [FRIDAY, MONDAY]


def told(result: dg.SensorResult) -> list[tuple[str, str | None]]:
    return [
        (event.asset_key.path[-1], event.partition)
        for event in result.asset_events
        if isinstance(event, dg.AssetMaterialization) and event.asset_key != LANDED_BATCH
    ]


def test_nights_of_the_command_line_are_reported_once(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    process(settings, (THURSDAY, 1), (FRIDAY, 1))
    land(settings, THURSDAY)
    command_line = Journal(settings)
    command_line.failed(NotFitToLoadError([]), BatchId(date.fromisoformat(THURSDAY), 1), "gate 1")
    command_line.published(BatchId(date.fromisoformat(THURSDAY), 1), f"{THURSDAY}.1", 9, ())
    Journal(settings, "Dagster").published(BatchId(date.fromisoformat(FRIDAY), 1), f"{FRIDAY}.1", 9, ())
    blocked = dg.AssetCheckEvaluation(asset_key=MART, check_name="fit_to_publish", passed=False)
    instance.report_runless_asset_event(blocked)

    first = look(settings, instance)

    assert told(first) == [("fct_tier_event", THURSDAY), ("release", THURSDAY)]
    (cleared,) = [event for event in first.asset_events if isinstance(event, dg.AssetCheckEvaluation)]
    assert cleared.passed and cleared.asset_check_key == CHECK
    for event in first.asset_events:
        instance.report_runless_asset_event(event)
    assert instance.get_materialized_partitions(RELEASE) == {THURSDAY}
    assert told(look(settings, instance, first.cursor)) == []


def test_a_replayed_night_makes_no_release(settings: Settings, instance: dg.DagsterInstance) -> None:
    land(settings, THURSDAY)
    Journal(settings).replayed(BatchId(date.fromisoformat(THURSDAY), 1))

    assert told(look(settings, instance)) == [("fct_tier_event", THURSDAY)]


def test_what_is_published_stays_though_a_correction_failed(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    land(settings, THURSDAY)
    process(settings, (THURSDAY, 1))
    for day, sequence in ((THURSDAY, 2), (FRIDAY, 1)):
        batch = BatchId(date.fromisoformat(day), sequence)
        Journal(settings, "Dagster").failed(NotFitToLoadError([]), batch, "ingest")

    assert told(look(settings, instance)) == [("fct_tier_event", THURSDAY), ("release", THURSDAY)]


def test_a_long_history_is_reported_a_few_nights_at_a_time(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    land(settings, THURSDAY)
    days = [THURSDAY, FRIDAY, MONDAY]
    for day in days:
        Journal(settings).published(BatchId(date.fromisoformat(day), 1), f"{day}.1", 9, ())

    first = look(settings, instance)
    second = look(settings, instance, first.cursor)

    assert [day for key, day in told(first) if key == "release"] == days[:2]
    assert [day for key, day in told(second) if key == "release"] == days[2:]


def test_a_cursor_of_a_version_before_is_read(settings: Settings, instance: dg.DagsterInstance) -> None:
    land(settings, THURSDAY)

    assert look(settings, instance, f'["{THURSDAY} sequence 1"]').asset_events == []


def test_a_landing_that_is_gone_is_told(settings: Settings, instance: dg.DagsterInstance) -> None:
    settings.landing.rmdir()
    for _ in range(2):
        with pytest.raises(LandingError):
            look(settings, instance)

    assert [(entry.did, entry.by, entry.is_told) for entry in entries(settings)] == [
        ("failed", "Dagster", True),
        ("failed", "Dagster", False),
    ]
