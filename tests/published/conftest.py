"""One generated bank, run through its nights once; tests that change it take a copy."""

from datetime import date

import pytest

from sample_bank.generate import SampleSpec, generate_bank
from tests.conftest import ShareWarehouse
from tests.support.warehouse import Warehouse, private_files

TOWN = SampleSpec(customers=300, months=4, nights=3, end=date(2026, 10, 31), profile="wealthy")


@pytest.fixture(scope="session")
def town(shared_warehouse: ShareWarehouse) -> Warehouse:
    """A bank of 300 customers, two nights published and one waiting; tests only read it."""

    def fill(warehouse: Warehouse) -> None:
        with private_files():
            generate_bank(TOWN, warehouse.home / "landing")
        warehouse.run(until=TOWN.timeline.nights[-2])

    return shared_warehouse("town", fill)
