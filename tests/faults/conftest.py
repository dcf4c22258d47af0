"""Banks that are published once, copied for every fault."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.conftest import ShareWarehouse, deliver_and_run_by_dbt
from tests.faults.delivered import Delivered
from tests.faults.village import village
from tests.support.bank import Bank, Delivery
from tests.support.landing import land
from tests.support.warehouse import Warehouse

FIRST, SECOND, THIRD = date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2)
CUSTOMERS = 1200
"""One bad row of a table this large is below the limit of 0.1 %, two are above it."""

Deliver = Callable[[Warehouse, date], Delivered]


def crowd() -> Bank:
    """Many customers with an account, a card and an owner's share each, and a loan for every tenth."""
    bank = Bank([FIRST, SECOND, THIRD], with_ledger=True)
    bank.rate("USD", 7, on=date(2025, 12, 1))
    for number in range(1, CUSTOMERS + 1):
        customer = bank.customer(f"c{number:04d}", opened=date(2025, 12, 1))
        account = customer.holds(1000 + number)
        account.shared({customer.customer_id: "1"}, since=date(2025, 12, 1))
        if number % 10 == 0:
            customer.borrows(5000, since=date(2025, 12, 1))
        if number % 7 == 0:
            customer.invests(2000)
    return bank


def crowded_night(bank: Bank, night: date) -> Delivery:
    """A night on which every customer and owner is sent again and every account has a transaction.

    It comes without the books' totals, which a bad balance would contradict as well.
    """
    delivery = bank.delivery(night)
    del delivery.tables["ledger_control"]
    full = bank.delivery(night, full=True)
    for table in ("customer", "account", "account_owner", "loan"):
        delivery.tables[table] = [{**row, "op": "U"} for row in full.tables[table]]
    delivery.tables["transaction"] = [
        {
            "txn_id": f"{night:%m%d}-{row['account_id']}",
            "account_id": row["account_id"],
            "txn_date": night,
            "amount": Decimal("10.00"),
            "direction": "in",
            "currency": "CNY",
            "is_in_bank": False,
            "txn_type": "cash",
        }
        for row in full.tables["account"]
    ]
    return delivery


@pytest.fixture(scope="session")
def bank() -> Bank:
    return crowd()


@pytest.fixture(scope="session")
def nights_to_come(bank: Bank) -> dict[date, Delivery]:
    """The batches after the published night, not yet delivered."""
    return {night: crowded_night(bank, night) for night in (SECOND, THIRD)}


@pytest.fixture(scope="session")
def published_night(shared_warehouse: ShareWarehouse, bank: Bank) -> Warehouse:
    """A warehouse with the first night published; never changed."""

    def fill(warehouse: Warehouse) -> None:
        land(warehouse.home, bank.delivery(FIRST))
        warehouse.run_by_dbt()

    return shared_warehouse("crowd", fill)


@pytest.fixture(scope="session")
def published_village(shared_warehouse: ShareWarehouse) -> Warehouse:
    """The village, all its nights delivered and then run in one go; never changed."""
    return shared_warehouse("village", lambda warehouse: deliver_and_run_by_dbt(warehouse, village()))


@pytest.fixture
def warehouse(published_night: Warehouse, tmp_path: Path) -> Iterator[Warehouse]:
    """A copy of the warehouse for one test."""
    copy = published_night.copy_to(tmp_path / "home")
    yield copy
    shutil.rmtree(copy.home)


@pytest.fixture
def settings(warehouse: Warehouse) -> Settings:
    """Settings of the copy."""
    return Settings.load(warehouse.home)


@pytest.fixture
def batch(warehouse: Warehouse, nights_to_come: dict[date, Delivery]) -> Delivered:
    """The good second batch, delivered to the copy."""
    return Delivered(land(warehouse.home, nights_to_come[SECOND]))
