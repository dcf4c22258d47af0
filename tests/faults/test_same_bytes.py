"""However the nights are run, the published Parquet files are the same byte for byte."""

import shutil
from pathlib import Path

import pytest

from orchestration import transform
from orchestration.night import run_waiting
from orchestration.settings import Settings
from tests.faults.village import NIGHTS, village
from tests.support.landing import land
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse


def test_nights_run_one_by_one_give_the_same_bytes_and_readers_keep_theirs(
    published_village: Warehouse, tmp_path: Path
) -> None:
    """dbt built the village; here only its first night, which shows that the quick build does as dbt does."""
    count = "select count(*) as months from customer_value.fct_customer_aum_monthly"
    bank, warehouse = village(), Warehouse(tmp_path / "home")
    for delivery in bank.deliveries()[:2]:
        land(warehouse.home, delivery)
        run_quickly(Settings.load(warehouse.home))

    with warehouse.reader() as reader:
        before = reader.execute(count).fetchone()
        for delivery in bank.deliveries()[2:]:
            land(warehouse.home, delivery)
            run_quickly(Settings.load(warehouse.home))
        assert reader.execute(count).fetchone() == before

    (now,) = warehouse.query(count)
    # February begins with the third night: one more row for each customer
    assert before is not None and now["months"] == before[0] + len(bank.customers)
    assert any("customer_value/" in name for name in warehouse.parquet_hashes())
    assert warehouse.parquet_hashes() == published_village.parquet_hashes()


def test_the_last_date_run_again_from_the_command_line_gives_the_same_bytes(
    published_village: Warehouse, tmp_path: Path
) -> None:
    warehouse = published_village.copy_to(tmp_path / "home")
    done = warehouse.command("run", "--date", str(NIGHTS[-1]))
    assert done.returncode == 0, done.stderr
    assert warehouse.parquet_hashes() == published_village.parquet_hashes()


def test_an_earlier_date_run_again_gives_the_same_bytes(published_village: Warehouse, tmp_path: Path) -> None:
    warehouse = published_village.copy_to(tmp_path / "home")
    run_quickly(Settings.load(warehouse.home), again=NIGHTS[1])
    assert warehouse.parquet_hashes() == published_village.parquet_hashes()


def test_a_rebuild_from_the_lake_alone_in_single_months_gives_the_same_bytes(
    published_village: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = published_village.copy_to(tmp_path / "home")
    shutil.rmtree(warehouse.home / "build")
    shutil.rmtree(warehouse.home / "landing")
    (warehouse.home / "landing").mkdir()
    variables = transform.night_variables
    # as a city's first night: what does not fit at once is computed month by month
    monkeypatch.setattr(
        transform,
        "night_variables",
        lambda *night: {**variables(*night), "customer_months_at_once": 1},
    )

    run_waiting(Settings.load(warehouse.home))

    assert warehouse.parquet_hashes() == published_village.parquet_hashes()


def test_nothing_waiting_changes_nothing(published_village: Warehouse, tmp_path: Path) -> None:
    warehouse = published_village.copy_to(tmp_path / "home")
    release = warehouse.current.readlink()
    assert run_waiting(Settings.load(warehouse.home)) == []
    assert warehouse.current.readlink() == release
