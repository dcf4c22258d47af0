"""What a command refuses is said in one line, and changes nothing."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contract.model import load_contract
from orchestration import transform
from orchestration.erasure.erase import erase
from orchestration.errors import BadBatchError, NotFoundError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.settings import PROJECT, BatchId, Settings
from orchestration.turns import turn_of
from orchestration.waiting import available_batches, planned_nights, refused_batches
from tests.support.handmade import BATCH, DAY, Delivery, sample_row

EARLY = BatchId(DAY - timedelta(1), 1)
LATER = BatchId(DAY + timedelta(2), 1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse whose initial load told the past; a batch before it has come since, and the next one."""
    initial = Delivery(tmp_path)
    table = load_contract().table("monthly_balance_history")
    initial.rows("monthly_balance_history", [sample_row(table)])
    ingest_batch(initial.send().settings, BATCH)
    for batch in (EARLY, LATER):
        Delivery(tmp_path, batch).send()
    return Settings.load(tmp_path)


def test_a_batch_before_the_initial_load_keeps_no_later_night_waiting(settings: Settings) -> None:
    assert available_batches(settings) == [BATCH, LATER]
    assert [night.batch for night in planned_nights(settings)] == [BATCH, LATER]


def test_it_is_named_by_whoever_asks_for_it(settings: Settings) -> None:
    (error,) = refused_batches(settings).values()
    (fault,) = error.faults
    assert fault.check_code == "before_initial_load"
    with pytest.raises(BadBatchError, match="before_initial_load"):
        turn_of(settings, EARLY.business_date)


def test_status_lists_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.cli import app

    monkeypatch.setenv("ACRM_HOME", str(settings.home))
    printed = CliRunner().invoke(app, ["status"])

    assert printed.exit_code == 0
    assert "before_initial_load" in printed.output and "2 nights waiting" in printed.output


def test_nobody_can_be_erased_before_a_night_has_run(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No night has run yet") as refused:
        erase(Settings.load(tmp_path), ["C1"], "order 1")

    assert "\n" not in str(refused.value)
    assert not Settings.load(tmp_path).database.exists()
    assert [path.name for path in tmp_path.iterdir()] in ([], ["writer.lock", "writer.note"])


def test_what_dbt_parsed_in_another_folder_is_parsed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "DBT_TARGET_PATH", str(tmp_path))
    kept = tmp_path / "partial_parse.msgpack"

    kept.touch()
    transform.forget_other_places()
    assert not kept.exists(), "nobody knows where it was parsed"

    kept.touch()
    transform.forget_other_places()
    assert kept.exists()

    (tmp_path / "project_folder").write_text(str(PROJECT.parent / "before"), encoding="utf-8")
    transform.forget_other_places()
    assert not kept.exists()
