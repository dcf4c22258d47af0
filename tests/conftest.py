"""What every test folder shares: a place for warehouses and how to run one."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from tests.support.bank import Bank
from tests.support.landing import land_all
from tests.support.warehouse import Warehouse

# a test says what is right, never how fast the machine is today; the same examples on every run
hypothesis_settings.register_profile("acrm", deadline=None, derandomize=True)
hypothesis_settings.load_profile("acrm")

# hand-made banks are nobody's: their numbers are hashed by a key of the tests
os.environ.setdefault("ACRM_HASH_KEY", "key of the tests, which protects nothing")

MakeWarehouse = Callable[[str, Bank], Warehouse]


@pytest.fixture(scope="session")
def published_bank(tmp_path_factory: pytest.TempPathFactory) -> MakeWarehouse:
    """Deliver all batches of a bank to a new warehouse and run them."""

    def publish(name: str, bank: Bank) -> Warehouse:
        warehouse = Warehouse(Path(tmp_path_factory.mktemp(name)))
        land_all(warehouse.home, bank)
        warehouse.run()
        return warehouse

    return publish


@pytest.fixture(scope="session")
def golden_warehouse(published_bank: MakeWarehouse) -> Warehouse:
    """The bank of the golden cases, run once; tests only read it."""
    from tests.golden.test_golden_cases import golden_bank

    return published_bank("golden", golden_bank())
