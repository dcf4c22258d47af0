"""What every test folder shares: a place for warehouses and how to run one."""

import fcntl
import gc
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from tests.support.bank import Bank
from tests.support.landing import land_all
from tests.support.warehouse import Warehouse
from tests.support.whole_nights import WholeNights

# a test says what is right, never how fast the machine is today; the same examples on every run
hypothesis_settings.register_profile("acrm", deadline=None, derandomize=True)
hypothesis_settings.load_profile("acrm")

# as in orchestration/cli.py
gc.set_threshold(50_000)

# hand-made banks are nobody's: their numbers are hashed by a key of the tests
os.environ.setdefault("ACRM_HASH_KEY", "key of the tests, which protects nothing")

MakeInMemory = Callable[[str, Bank, Iterable[str]], Warehouse]
ShareWarehouse = Callable[[str, Callable[[Warehouse], None]], Warehouse]


@pytest.fixture(scope="session")
def built_in_memory(tmp_path_factory: pytest.TempPathFactory) -> MakeInMemory:
    """Run all nights of a bank in memory, for the marts that are named, and publish what they built."""

    def build(name: str, bank: Bank, marts: Iterable[str]) -> Warehouse:
        return WholeNights(marts).run_all(bank).published(Path(tmp_path_factory.mktemp(name)))

    return build


@pytest.fixture(scope="session")
def shared_warehouse(tmp_path_factory: pytest.TempPathFactory) -> ShareWarehouse:
    """Make a warehouse once for all workers of a test run: the first fills it, the others wait for it."""
    is_shared = "PYTEST_XDIST_WORKER" in os.environ
    folder = tmp_path_factory.getbasetemp().parent if is_shared else tmp_path_factory.getbasetemp()

    def share(name: str, fill: Callable[[Warehouse], None]) -> Warehouse:
        warehouse, done = Warehouse(folder / name / "home"), folder / name / "done"
        warehouse.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / name / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                fill(warehouse)
                done.touch()
        return warehouse

    return share


@pytest.fixture(scope="session")
def golden_warehouse(shared_warehouse: ShareWarehouse) -> Warehouse:
    """The bank of the golden cases, run once; tests only read it."""
    from tests.golden.test_golden_cases import golden_bank

    return shared_warehouse("golden", lambda warehouse: deliver_and_run_by_dbt(warehouse, golden_bank()))


def deliver_and_run(warehouse: Warehouse, bank: Bank) -> None:
    """Land every batch of a bank and run all nights."""
    land_all(warehouse.home, bank)
    warehouse.run()


def deliver_and_run_by_dbt(warehouse: Warehouse, bank: Bank) -> None:
    """The same as ``acrm run`` does it, dbt's tests of data included."""
    land_all(warehouse.home, bank)
    warehouse.run_by_dbt()
