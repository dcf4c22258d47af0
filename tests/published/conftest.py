"""One generated bank, run through its nights once; tests that change it take a copy."""

import os
from datetime import date

import pytest

from orchestration.night import run_waiting
from orchestration.settings import Settings
from sample_bank.generate import SampleSpec, generate_bank
from tests.conftest import ShareWarehouse
from tests.support.warehouse import Warehouse

TOWN = SampleSpec(customers=300, months=4, nights=3, end=date(2026, 10, 31), profile="wealthy")


@pytest.fixture(scope="session")
def town(shared_warehouse: ShareWarehouse) -> Warehouse:
    """A bank of 300 customers, two nights published and one waiting; tests only read it."""

    def fill(warehouse: Warehouse) -> None:
        before = os.umask(0o077)
        generate_bank(TOWN, warehouse.home / "landing")
        run_waiting(Settings.load(warehouse.home), until=TOWN.timeline.nights[-2])
        os.umask(before)

    return shared_warehouse("town", fill)
