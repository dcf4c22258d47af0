"""One generated bank, run through its nights once; tests that change it take a copy."""

from datetime import date
from pathlib import Path

import pytest

from sample_bank.generate import SampleSpec, generate_bank
from tests.support.warehouse import Warehouse

TOWN = SampleSpec(customers=300, months=4, nights=2, end=date(2026, 10, 31))


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A bank of 300 customers, two nights published; tests only read it."""
    warehouse = Warehouse(Path(tmp_path_factory.mktemp("town")))
    generate_bank(TOWN, warehouse.home / "landing")
    warehouse.run()
    return warehouse
