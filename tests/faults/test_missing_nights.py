"""Business dates are processed in order, and a business day cannot be skipped."""

from datetime import date

import pytest

from orchestration.errors import AcrmError, ExitCode
from orchestration.settings import Settings
from tests.faults.conftest import SECOND, THIRD
from tests.faults.delivered import Delivered
from tests.support.bank import Bank, Delivery
from tests.support.landing import land
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse, tree_hashes


def test_a_batch_waits_for_the_business_day_before_it(
    warehouse: Warehouse, settings: Settings, nights_to_come: dict[date, Delivery]
) -> None:
    land(warehouse.home, nights_to_come[THIRD])
    published = tree_hashes(settings.published)

    with pytest.raises(AcrmError) as caught:
        run_quickly(settings)

    assert caught.value.exit_code == ExitCode.BAD_BATCH
    assert "earlier_batch_missing" in str(caught.value) and str(SECOND) in str(caught.value)
    assert tree_hashes(settings.published) == published


def test_a_folder_without_a_manifest_is_not_there_yet(batch: Delivered, settings: Settings) -> None:
    (batch.folder / "manifest.json").unlink()
    published = tree_hashes(settings.published)
    assert run_quickly(settings) == []
    assert tree_hashes(settings.published) == published


def test_the_late_batch_and_the_one_after_it_are_processed_in_order(
    warehouse: Warehouse, settings: Settings, nights_to_come: dict[date, Delivery]
) -> None:
    land(warehouse.home, nights_to_come[THIRD])
    land(warehouse.home, nights_to_come[SECOND])
    run_quickly(settings)
    (row,) = warehouse.query(
        "select max(month_start_date) as last_month from customer_value.fct_customer_aum_monthly"
    )
    assert row["last_month"] == date(2026, 2, 1)


def test_the_command_line_says_the_same_with_the_documented_exit_code(
    batch: Delivered, warehouse: Warehouse
) -> None:
    batch.file("deposit_balance").write_bytes(b"")
    done = warehouse.command("run")
    said = done.stdout + done.stderr
    assert done.returncode == ExitCode.BAD_BATCH
    assert "Traceback" not in said
    for told in ("deposit_balance", "file_checksum"):
        assert told in said


def test_a_bad_batch_is_replaced_by_the_same_date_sent_again(
    batch: Delivered, warehouse: Warehouse, settings: Settings, bank: Bank
) -> None:
    batch.file("deposit_balance").write_bytes(b"")
    with pytest.raises(AcrmError):
        run_quickly(settings)
    bad = tree_hashes(batch.folder)

    land(warehouse.home, bank.delivery(SECOND, sequence=2))
    run_quickly(settings)

    rows = warehouse.query(
        "select distinct is_provisional from customer_value.fct_customer_aum_monthly "
        "where month_start_date = date '2026-01-01'"
    )
    assert rows == [{"is_provisional": True}]
    assert tree_hashes(batch.folder) == bad, "the first delivery is kept as it came"
