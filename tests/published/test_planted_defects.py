"""Defects of a generated batch that its files do not show: ingestion, screening or gate 1 names each."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from orchestration.errors import FaultError
from orchestration.night import NightRun, run_waiting
from orchestration.settings import Settings
from sample_bank.defects import plant_defect
from tests.published.conftest import TOWN
from tests.support.warehouse import Warehouse
from tests.unit.test_sample_defects import LATER

# a batch that is missing is looked for among those not in the lake: test_missing_nights.py
DEFECTS = sorted(LATER - {"earlier_batch_missing"})


class PassedTheGateError(Exception):
    """The night went on to its models."""


@pytest.fixture
def settings(town: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The town on its last night, which ends where the models would begin."""

    def stop(*_: object) -> None:
        raise PassedTheGateError

    monkeypatch.setattr(NightRun, "build", stop)
    return Settings.load(town.copy_to(tmp_path / "home").home)


def found(settings: Settings) -> set[tuple[str | None, str]]:
    """Table and rule of all that stands against the last batch when its models would begin."""
    with pytest.raises((PassedTheGateError, FaultError)) as stopped:
        run_waiting(settings)
    faults = stopped.value.faults if isinstance(stopped.value, FaultError) else []
    return {*_kept(settings), *((fault.table, fault.check_code) for fault in faults)}


def _kept(settings: Settings) -> Iterator[tuple[str, str]]:
    folder = TOWN.last_batch.folder
    for path in (settings.quarantine / folder).glob("*.parquet"):
        yield from pl.read_parquet(path).select("table_name", "rule_code").iter_rows()
    for path in (settings.quality / folder).glob("fit_to_load.parquet"):
        failed = pl.read_parquet(path).filter(~pl.col("is_passed"))
        yield from failed.select("table_name", "check_code").iter_rows()


def test_the_clean_batch_has_nothing_of_it(settings: Settings) -> None:
    assert found(settings) == set()


@pytest.mark.parametrize("name", DEFECTS)
def test_the_planted_defect_is_named(settings: Settings, name: str) -> None:
    defect = plant_defect(settings.landing, TOWN.last_batch, name)

    # AUM is the bank's, not a table's
    table = "" if name == "aum_jump" else defect.table
    assert (table, defect.check_code) in found(settings)
