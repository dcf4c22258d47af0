"""No delivery locks the warehouse out: what cannot count is named, and the others go on without it."""

import hashlib
import json
import os
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.errors import (
    BadBatchError,
    ExitCode,
    Fault,
    LandingError,
    NotFitToLoadError,
    NotFoundError,
)
from orchestration.ingestion.audit import audit_log, withdrawals
from orchestration.ingestion.bounds import far_off, out_of_bounds
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import lake_batches, read_report, table_files, withdrawn_since_release
from orchestration.onboarding.validate import validate_folder
from orchestration.refusing import is_set_aside, set_aside
from orchestration.settings import BatchId, Settings
from orchestration.status import show_status
from orchestration.waiting import (
    available_batches,
    planned_nights,
    processed_nights,
    refused_batches,
    told_together,
)
from orchestration.withdrawal import NotAllowedError, withdraw
from tests.support.handmade import BATCH, DAY, Delivery
from tests.support.warehouse import tree_hashes
from tests.unit.test_dagster_sensors import process

NEXT = BatchId(DAY + timedelta(1), 1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One batch in the lake, the next one waiting."""
    ingest_batch(Delivery(tmp_path).send().settings, BATCH)
    Delivery(tmp_path, NEXT).send()
    return Settings.load(tmp_path)


def judged(settings: Settings, *, is_passed: bool) -> None:
    """Gate 1 has judged the batch of the lake."""
    folder = settings.quality / BATCH.folder
    folder.mkdir(parents=True)
    result = {"is_passed": [is_passed, False], "severity_code": ["block", "warn"]}
    pl.DataFrame(result).write_parquet(folder / "fit_to_load.parquet")


def changed(settings: Settings, batch: BatchId = BATCH) -> None:
    """Another delivery in the place of a landed one."""
    manifest = settings.landing / batch.folder / "manifest.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**told, "produced_at": "2026-11-01T03:00:00+08:00"}), encoding="utf-8")


@pytest.mark.parametrize(
    "batch",
    [
        BatchId(DAY, 20261101011200),
        BatchId(DAY, 10_000),
        BatchId(date(2016, 10, 31), 1),
        BatchId(date(2036, 10, 31), 1),
        BatchId(date(9999, 12, 31), 1),
        BatchId(date.min, 1),
    ],
    ids=str,
)
def test_a_sequence_or_date_that_cannot_be_is_named_and_nothing_waits_for_it(
    settings: Settings, batch: BatchId, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = planned_nights(settings)
    Delivery(settings.home, batch).send()

    assert planned_nights(settings) == planned
    ((refused, error),) = refused_batches(settings).items()
    (fault,) = error.faults
    assert (refused, fault.check_code) == (batch, "batch_out_of_bounds")
    assert str(batch) in fault.what and error.exit_code == ExitCode.BAD_BATCH
    show_status(settings)
    assert str(fault) in capsys.readouterr().out


def test_a_sequence_that_cannot_be_never_enters_the_lake(tmp_path: Path) -> None:
    batch = BatchId(DAY, 20261101011200)
    with pytest.raises(BadBatchError, match="batch_out_of_bounds"):
        ingest_batch(Delivery(tmp_path, batch).send().settings, batch)
    assert not lake_batches(Settings.load(tmp_path))


@pytest.mark.parametrize("batch", [BatchId(DAY, 10_000), BatchId(date(9999, 12, 31), 1)], ids=str)
def test_the_sender_is_told_as_well(tmp_path: Path, batch: BatchId) -> None:
    delivery = Delivery(tmp_path, batch).send()
    found = {
        finding.fault.check_code for finding in validate_folder(delivery.folder, delivery.settings).findings
    }
    assert "batch_out_of_bounds" in found


def test_bounds_are_inclusive() -> None:
    assert out_of_bounds(BatchId(DAY, 1)) is None and out_of_bounds(BatchId(DAY, 9999)) is None
    assert out_of_bounds(BatchId(DAY, 0)) and out_of_bounds(BatchId(DAY, 10_000))
    for day in (date(1900, 1, 1), date(2199, 12, 31)):
        assert out_of_bounds(BatchId(day, 1)) is None


def days(*numbers: int) -> list[BatchId]:
    return [BatchId(DAY + timedelta(number), 1) for number in numbers]


@pytest.mark.parametrize(
    ("landed", "in_lake", "refused"),
    [
        ((0, 1, 11), (0,), ()),
        ((0, 1, 12), (0,), (12,)),
        # each leads to the next
        ((1, 10, 20, 30), (0,), ()),
        ((-10,), (0,), ()),
        ((-11,), (0,), (-11,)),
        # nothing admitted: the longest chain, of equals the earlier
        ((0, 1, 900), (), (900,)),
        ((-900, 0, 1), (), (-900,)),
        ((0, 900), (), (900,)),
        # one that is in stays in
        ((0, 900), (0, 900), ()),
        ((), (), ()),
    ],
)
def test_only_a_chain_of_batches_leads_on(
    landed: tuple[int, ...], in_lake: tuple[int, ...], refused: tuple[int, ...]
) -> None:
    assert list(far_off(days(*landed), days(*in_lake), 10)) == days(*refused)


def test_another_delivery_under_the_same_sequence_is_refused_aloud(settings: Settings) -> None:
    planned = planned_nights(settings)
    judged(settings, is_passed=True)
    changed(settings)

    ((batch, error),) = refused_batches(settings).items()

    assert (batch, error.exit_code) == (BATCH, ExitCode.BAD_BATCH)
    (line,) = str(error).splitlines()
    assert "batch_changed" in line and f"acrm withdraw {DAY}/1" in line
    # the delivery that was taken goes on to count
    assert planned_nights(settings) == planned


@pytest.mark.parametrize("gate", ["was never reached", "refused it"])
def test_a_batch_that_never_passed_gate_1_is_mended_where_it_lies(settings: Settings, gate: str) -> None:
    if gate == "refused it":
        judged(settings, is_passed=False)
    before = ingest_batch(settings, BATCH)
    changed(settings)

    assert refused_batches(settings) == {}
    assert ingest_batch(settings, BATCH, is_built=True) == before
    after = ingest_batch(settings, BATCH)
    assert after.manifest_sha256 != before.manifest_sha256 and after.tables == before.tables
    assert read_report(settings, BATCH) == after


def test_a_batch_that_passed_gate_1_stays_as_it_was_taken(settings: Settings) -> None:
    judged(settings, is_passed=True)
    before = ingest_batch(settings, BATCH)
    changed(settings)

    assert ingest_batch(settings, BATCH) == before


def test_a_run_ends_with_the_line_and_the_code(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(settings, is_passed=True)
    changed(settings)
    monkeypatch.setenv("ACRM_HOME", str(settings.home))
    monkeypatch.setattr("orchestration.night.run_waiting", lambda *_, **__: [])

    answer = CliRunner().invoke(app, ["run"])

    assert isinstance(answer.exception, BadBatchError) and "batch_changed" in str(answer.exception)


@pytest.mark.parametrize("what", ["missing", "a file"])
def test_a_landing_that_is_not_there_is_not_an_empty_one(tmp_path: Path, what: str) -> None:
    settings = Settings.load(tmp_path)
    if what == "a file":
        settings.landing.touch()
    with pytest.raises(LandingError, match="landing") as stopped:
        available_batches(settings)
    assert stopped.value.exit_code == ExitCode.LANDING_UNREAD
    show_status(settings)
    settings.landing.unlink(missing_ok=True)
    settings.landing.mkdir()
    assert available_batches(settings) == []


@pytest.mark.parametrize("below", ["", f"business_date={DAY}", f"business_date={DAY}/sequence=1"])
def test_a_folder_of_landing_that_cannot_be_read_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], below: str
) -> None:
    locked = settings.landing / below
    stat, listdir = os.stat, os.listdir

    def no_stat(path: Path, **more: bool) -> os.stat_result:
        if locked in Path(path).parents:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **more)

    def no_list(path: Path) -> list[str]:
        if locked == Path(path):
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "stat", no_stat)
    monkeypatch.setattr(os, "listdir", no_list)
    with pytest.raises(LandingError, match=rf"{locked.name}.*Permission denied"):
        available_batches(settings)
    show_status(settings)
    assert "Permission denied" in capsys.readouterr().out


REFUSAL = NotFitToLoadError(
    [Fault("key_not_unique", "2 rows repeat a key", "Have it sent again", "customer")]
)


@pytest.fixture
def correction(settings: Settings) -> BatchId:
    """A correction of the published night that gate 1 has refused."""
    process(settings, (str(DAY), 1))
    again = BatchId(DAY, 2)
    Delivery(settings.home, again).send()
    assert [night.batch for night in planned_nights(settings)] == [again, NEXT]
    set_aside(settings, again, REFUSAL)
    return again


def test_a_correction_that_is_refused_sets_nothing_back(settings: Settings, correction: BatchId) -> None:
    assert is_set_aside(settings, correction)
    assert [night.batch for night in planned_nights(settings)] == [NEXT]
    assert str(refused_batches(settings)[correction]) == str(REFUSAL)
    assert told_together(refused_batches(settings)).exit_code == ExitCode.NOT_FIT_TO_LOAD


def test_it_is_tried_again_when_it_is_asked_for(settings: Settings, correction: BatchId) -> None:
    assert [night.batch for night in planned_nights(settings, again=DAY)] == [correction, NEXT]


def test_it_is_tried_again_when_something_differs(settings: Settings, correction: BatchId) -> None:
    changed(settings, correction)
    assert [night.batch for night in planned_nights(settings)] == [correction, NEXT]
    assert not refused_batches(settings)


def test_a_batch_of_a_new_day_that_is_refused_stays_first_in_line(settings: Settings) -> None:
    process(settings, (str(DAY), 1))
    set_aside(settings, NEXT, REFUSAL)
    assert not is_set_aside(settings, NEXT)
    assert [night.batch for night in planned_nights(settings)] == [NEXT]


def test_a_withdrawn_batch_counts_no_longer_and_lies_where_it_lay(settings: Settings) -> None:
    landed = tree_hashes(settings.landing)
    found = [settings.quality / BATCH.folder, settings.quarantine / BATCH.folder]
    for folder in found:
        (folder / "x").mkdir(parents=True, exist_ok=True)
    withdraw(settings, BATCH, "dated wrongly", by="Li")

    assert lake_batches(settings) == [] and table_files(settings, "org", BATCH) == []
    assert not any(folder.exists() for folder in found), "releases would show what was found in it"
    assert available_batches(settings) == [NEXT]
    assert tree_hashes(settings.landing) == landed
    with pytest.raises(NotFoundError, match="withdrawn before"):
        withdraw(settings, BATCH, "again")


def test_the_log_says_who_when_and_why(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOGNAME", "wang")
    digest = hashlib.sha256((settings.landing / BATCH.folder / "manifest.json").read_bytes()).hexdigest()
    withdraw(settings, NEXT, "not ours")
    withdraw(settings, BATCH, "dated wrongly", by="Li")

    first, second = withdrawals(settings)

    assert (first.batch, first.by, first.reason) == (NEXT, "wang", "not ours")
    assert (second.batch, second.by, second.manifest_sha256) == (BATCH, "Li", digest)
    assert second.at.tzinfo is not None and second.at >= first.at
    assert audit_log(settings).stat().st_mode & 0o077 == 0
    show_status(settings)
    assert f"{BATCH} was withdrawn by Li" in capsys.readouterr().out


def test_another_delivery_may_take_its_place(settings: Settings) -> None:
    withdraw(settings, BATCH, "dated wrongly")
    changed(settings)
    assert available_batches(settings) == [BATCH, NEXT]
    assert ingest_batch(settings, BATCH).is_initial and not refused_batches(settings)


def test_a_withdrawal_that_was_killed_counts_and_is_finished_by_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    process(settings, (str(DAY), 1))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("orchestration.withdrawal.take_out", _interrupted)
        withdraw(settings, BATCH, "dated wrongly")
    assert available_batches(settings) == [NEXT]

    withdraw(settings, NEXT, "nor this one")

    assert lake_batches(settings) == [] and processed_nights(settings) == []
    assert withdrawn_since_release(settings) == [BATCH]


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_first_batch_is_not_taken_from_under_those_that_rest_on_it(settings: Settings) -> None:
    ingest_batch(settings, NEXT)
    with pytest.raises(NotAllowedError, match="Withdraw those after it first"):
        withdraw(settings, BATCH, "dated wrongly")
    assert lake_batches(settings) == [BATCH, NEXT] and not withdrawals(settings)


@pytest.mark.parametrize(
    "name", [f"{DAY}/1", f"business_date={DAY}/sequence=1", f"x/business_date={DAY}/sequence=01/"]
)
def test_a_batch_is_named_as_status_does_or_by_its_folder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ACRM_HOME", str(settings.home))
    answer = CliRunner().invoke(app, ["withdraw", name, "--reason", "dated wrongly"])
    assert answer.exit_code == 0 and f"{BATCH} is withdrawn" in answer.output
    assert lake_batches(settings) == []


@pytest.mark.parametrize("name", ["2026-10-31", "../../etc", "2026-02-30.1", "x.1", f"{DAY}.1' or 1"])
def test_what_names_no_batch_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ACRM_HOME", str(settings.home))
    answer = CliRunner().invoke(app, ["withdraw", name, "--reason", "dated wrongly"])
    assert answer.exit_code == ExitCode.USAGE and lake_batches(settings) == [BATCH]
