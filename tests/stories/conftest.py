"""The town is built in memory, a generated bank by dbt, each once for all stories."""

import os
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.conftest import ShareWarehouse
from tests.stories.town import town
from tests.support.bank import Bank
from tests.support.warehouse import Warehouse
from tests.support.whole_nights import WholeNights

Row = dict[str, Any]
CUSTOMERS, MONTHS, NIGHTS = os.environ.get("ACRM_ANSWER_KEY", "2000,14,4").split(",")
"""The generated bank; ``make answer-key`` asks for a large one."""
Story = Callable[[str, date], Row]
TOWN_MARTS = (
    "fct_customer_aum_part_monthly", "fct_customer_aum_daily", "fct_customer_org_role", "fct_month_recorded",
    "fct_customer_tier_status_monthly", "fct_tier_event", "fct_tier_reason", "rpt_attention_lost_by_manager",
    "rpt_attention_lost_customer", "rpt_aum_concentration", "rpt_balance_band", "rpt_tier_change_customer",
    "rpt_tier_migration_monthly",
    "rpt_private_bank_qualified", "rpt_private_bank_growth", "rpt_private_bank_new", "rpt_private_bank_lost",
    "rpt_private_bank_stock_loss", "rpt_private_bank_stock_detail", "rpt_private_bank_new_detail",
    "rpt_private_bank_balance_summary", "rpt_private_bank_balance_detail",
)  # fmt: skip


@pytest.fixture(scope="session")
def town_bank() -> Bank:
    return town()


@pytest.fixture(scope="session")
def town_warehouse(shared_warehouse: ShareWarehouse, town_bank: Bank) -> Warehouse:
    """The town's nights in memory; that dbt builds the same, the golden and the generated bank show."""
    return shared_warehouse(
        "stories", lambda warehouse: WholeNights(TOWN_MARTS).run_all(town_bank).published(warehouse.home)
    )


@pytest.fixture(scope="session")
def generated_warehouse(shared_warehouse: ShareWarehouse) -> Warehouse:
    """A generated bank whose nights pass a month end; its orgs and managers change between them."""

    def fill(warehouse: Warehouse) -> None:
        arguments = ["--customers", CUSTOMERS, "--months", MONTHS, "--nights", NIGHTS, "--end", "2026-11-03",
                     "--profile", "wealthy"]  # fmt: skip
        done = warehouse.command("sample", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        warehouse.run()

    return shared_warehouse("generated", fill)


@pytest.fixture
def aum_of(town_warehouse: Warehouse) -> Story:
    """One row of ``fct_customer_aum_monthly``."""
    return _one_row(town_warehouse, "customer_value.fct_customer_aum_monthly")


@pytest.fixture
def tier_of(town_warehouse: Warehouse) -> Story:
    """One row of ``fct_customer_tier_monthly``."""
    return _one_row(town_warehouse, "customer_value.fct_customer_tier_monthly")


@pytest.fixture
def months_of(town_warehouse: Warehouse) -> Callable[[str], list[date]]:
    """The months for which a customer has an AUM row."""

    def months(customer: str) -> list[date]:
        rows = town_warehouse.query(
            "select month_start_date from customer_value.fct_customer_aum_monthly "
            "where customer_id = ? order by 1",
            customer,
        )
        return [row["month_start_date"] for row in rows]

    return months


def _one_row(warehouse: Warehouse, table: str) -> Story:
    def one(customer: str, month: date) -> Row:
        rows = warehouse.query(
            f"from {table} where customer_id = ? and month_start_date = ?", customer, month
        )
        assert len(rows) == 1, f"{len(rows)} rows for {customer} in {month:%Y-%m}"
        return rows[0]

    return one
