"""A batch that gate 1 refuses, or that is withdrawn, leaves the warehouse as if it had never come."""

from datetime import date

import pytest

from orchestration.erasure.erase import erase
from orchestration.errors import ExitCode
from orchestration.ingestion.lake import lake_batches, withdrawn_since_release
from orchestration.releases.on_disk import current_release
from orchestration.settings import BatchId, Settings
from orchestration.waiting import noted_nights, planned_nights, processed_nights, refused_batches
from orchestration.withdrawal import withdraw
from tests.faults.conftest import FIRST, SECOND
from tests.support.bank import Bank
from tests.support.landing import land
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse


@pytest.mark.usefixtures("batch")
def test_a_refused_correction_and_a_withdrawn_night_leave_no_trace(
    warehouse: Warehouse, settings: Settings, bank: Bank
) -> None:
    before = warehouse.parquet_hashes()
    correction = bank.delivery(FIRST, sequence=2)
    correction.tables["deposit_balance"].append(correction.tables["deposit_balance"][0])
    land(warehouse.home, correction)
    first, second, refused = BatchId(FIRST, 1), BatchId(SECOND, 1), BatchId(FIRST, 2)

    # the night after it does not wait for the correction
    results = run_quickly(settings)

    assert [(result.batch, result.release) for result in results] == [(second, f"{SECOND}.1")]
    assert lake_batches(settings) == [first, second]
    ((named, error),) = refused_batches(settings).items()
    assert (named, error.exit_code) == (refused, ExitCode.NOT_FIT_TO_LOAD)
    assert "key_not_unique" in str(error)
    assert planned_nights(settings) == []
    assert warehouse.parquet_hashes() != before

    withdraw(settings, second, "dated wrongly", by="an operator")

    # whatever opens the build database meanwhile finds no file missing
    erase(settings, [])
    assert [night.batch for night in planned_nights(settings)] == [first]
    run_quickly(settings)
    assert warehouse.parquet_hashes() == before
    current = current_release(settings)
    assert current is not None and current.name == f"{FIRST}.2"
    nights = [night.batch for night in processed_nights(settings)]
    assert nights == [first] == [night.batch for night in noted_nights(settings)]
    assert withdrawn_since_release(settings) == [] and planned_nights(settings) == []
    assert _dates(warehouse) == [FIRST]


def _dates(warehouse: Warehouse) -> list[date]:
    return [row["business_date"] for row in warehouse.query("select business_date from quality.data_as_of")]
