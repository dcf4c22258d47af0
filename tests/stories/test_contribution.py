"""The bank of contribution, line by line by hand and whole against the reference."""

import pytest

from tests.conftest import MakeWarehouse
from tests.reference import contribution as reference
from tests.stories.contribution_bank import MONTHS, contribution_bank
from tests.support.bank import Bank
from tests.support.warehouse import Warehouse


@pytest.fixture(scope="module")
def bank() -> Bank:
    return contribution_bank()


@pytest.fixture(scope="module")
def warehouse(published_bank: MakeWarehouse, bank: Bank) -> Warehouse:
    return published_bank("contribution", bank)


def test_x(warehouse: Warehouse, bank: Bank) -> None:
    import shutil
    shutil.rmtree("/tmp/contrib/wb", ignore_errors=True)
    shutil.copytree(warehouse.home, "/tmp/contrib/wb", symlinks=True)
