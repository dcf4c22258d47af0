"""However the nights are run, the published Parquet files are the same byte for byte."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestration import transform
from orchestration.night import run_waiting
from orchestration.settings import Settings
from tests.faults.village import NIGHTS, village
from tests.support.bank import Bank
from tests.support.landing import land, land_all
from tests.support.warehouse import Warehouse


@contextmanager
def running(home: Path) -> Iterator[tuple[Warehouse, Settings]]:
    home.mkdir(parents=True)
    yield Warehouse(home), Settings.load(home)


@pytest.fixture(scope="module")
def bank() -> Bank:
    return village()


@pytest.fixture(scope="module")
def at_once(bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """All nights delivered, then run in one go."""
    with running(Path(tmp_path_factory.mktemp("village")) / "home") as (warehouse, settings):
        land_all(warehouse.home, bank)
        run_waiting(settings)
        assert any("customer_value/" in name for name in warehouse.parquet_hashes())
        return warehouse


def test_nights_run_one_by_one_give_the_same_bytes(at_once: Warehouse, bank: Bank, tmp_path: Path) -> None:
    with running(tmp_path / "home") as (warehouse, settings):
        for delivery in bank.deliveries():
            land(warehouse.home, delivery)
            run_waiting(settings)
        assert warehouse.parquet_hashes() == at_once.parquet_hashes()


def test_the_last_date_run_again_from_the_command_line_gives_the_same_bytes(
    at_once: Warehouse, tmp_path: Path
) -> None:
    warehouse = at_once.copy_to(tmp_path / "home")
    done = warehouse.command("run", "--date", str(NIGHTS[-1]))
    assert done.returncode == 0, done.stderr
    assert warehouse.parquet_hashes() == at_once.parquet_hashes()


def test_an_earlier_date_run_again_gives_the_same_bytes(at_once: Warehouse, tmp_path: Path) -> None:
    warehouse = at_once.copy_to(tmp_path / "home")
    run_waiting(Settings.load(warehouse.home), again=NIGHTS[1])
    assert warehouse.parquet_hashes() == at_once.parquet_hashes()


def test_a_rebuild_from_the_lake_alone_in_single_months_gives_the_same_bytes(
    at_once: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = at_once.copy_to(tmp_path / "home")
    shutil.rmtree(warehouse.home / "build")
    shutil.rmtree(warehouse.home / "landing")
    variables = transform.night_variables
    # as a city's first night: what does not fit at once is computed month by month
    monkeypatch.setattr(
        transform, "night_variables", lambda *night: {**variables(*night), "customer_months_at_once": 1}
    )

    run_waiting(Settings.load(warehouse.home))

    assert warehouse.parquet_hashes() == at_once.parquet_hashes()


def test_nothing_waiting_changes_nothing(at_once: Warehouse, tmp_path: Path) -> None:
    warehouse = at_once.copy_to(tmp_path / "home")
    release = warehouse.current.readlink()
    assert run_waiting(Settings.load(warehouse.home)) == []
    assert warehouse.current.readlink() == release


def test_a_reader_keeps_its_rows_and_never_blocks_a_run(bank: Bank, tmp_path: Path) -> None:
    count = "select count(*) as months from customer_value.fct_customer_aum_monthly"
    with running(tmp_path / "home") as (warehouse, settings):
        land(warehouse.home, bank.delivery(NIGHTS[0]))
        land(warehouse.home, bank.delivery(NIGHTS[1]))
        run_waiting(settings)
        with warehouse.reader() as reader:
            before = reader.execute(count).fetchone()
            land(warehouse.home, bank.delivery(NIGHTS[2]))
            run_waiting(settings)
            assert reader.execute(count).fetchone() == before
            (now,) = warehouse.query(count)
        # February begins with the third night: one more row for each customer
        assert before is not None and now["months"] == before[0] + len(bank.customers)
