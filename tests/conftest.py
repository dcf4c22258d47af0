"""What every test folder shares: a place for warehouses and how to run one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.bank import Bank
from tests.support.landing import land_all
from tests.support.warehouse import Warehouse

MakeWarehouse = Callable[[str, Bank], Warehouse]


@pytest.fixture(scope="session")
def published_bank(tmp_path_factory: pytest.TempPathFactory) -> MakeWarehouse:
    """Deliver all batches of a bank to a new warehouse and run them by the command line."""

    def publish(name: str, bank: Bank) -> Warehouse:
        warehouse = Warehouse(Path(tmp_path_factory.mktemp(name)))
        land_all(warehouse.home, bank)
        warehouse.run()
        return warehouse

    return publish
