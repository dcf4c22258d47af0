"""Every row of the reports, recomputed in plain Python from the published customers of two banks.

The town is small and odd, the generated bank has customers of all tiers, changes of org and a month end
between its nights.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.reference import private_bank, reports
from tests.reference.private_bank import Member, members
from tests.reference.reports import Customers, Report, read_customers
from tests.support.warehouse import Warehouse

BANKS = ["town_warehouse", "generated_warehouse"]
MONTH = "month_start_date"
ORG_CLASS = (MONTH, "org_id", "class_code")


@pytest.fixture(scope="module", params=BANKS)
def warehouse(request: pytest.FixtureRequest) -> Warehouse:
    found: Warehouse = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def customers(warehouse: Warehouse) -> Customers:
    return read_customers(warehouse)


@pytest.fixture(scope="module")
def all_members(customers: Customers) -> list[Member]:
    return members(customers)


def differences(
    warehouse: Warehouse, table: str, key: tuple[str, ...], wanted: Report, where: str = ""
) -> list[str]:
    """What is published otherwise than reckoned, one line each."""
    published = {
        tuple(row[column] for column in key): row
        for row in warehouse.query(f"from customer_value.{table} {where}")
    }
    lines = [f"{key} is missing" for key in wanted.keys() - published.keys()]
    lines += [f"{key} is too many" for key in published.keys() - wanted.keys()]
    for found in wanted.keys() & published.keys():
        lines += [
            f"{found}: {column} is {published[found][column]}, expected {value}"
            for column, value in wanted[found].items()
            if published[found][column] != value
        ]
    return sorted(lines)[:20]


FROM_CUSTOMERS = {
    "rpt_tier_migration_monthly": (
        (MONTH, "org_id", "from_tier_code", "to_tier_code"),
        reports.tier_migration,
    ),
    "rpt_balance_band": ((MONTH, "scheme_code", "band_code"), reports.balance_bands),
    "rpt_aum_concentration": ((MONTH, "cut_code"), reports.concentration),
    "rpt_attention_lost_customer": ((MONTH, "customer_id", "status_code"), reports.attention_and_lost),
    "rpt_tier_change_customer": ((MONTH, "customer_id"), reports.tier_changes),
}


@pytest.mark.parametrize("table", FROM_CUSTOMERS)
def test_a_report_is_what_its_customers_make_of_it(
    warehouse: Warehouse, customers: Customers, table: str
) -> None:
    key, recompute = FROM_CUSTOMERS[table]
    wanted = recompute(customers)
    assert wanted
    assert differences(warehouse, table, key, wanted) == []


PRIVATE_BANK: dict[str, tuple[tuple[str, ...], Callable[[list[Member]], Report]]] = {
    "rpt_private_bank_qualified": (ORG_CLASS, private_bank.qualified),
    "rpt_private_bank_growth": ((MONTH, "org_id"), private_bank.growth),
    "rpt_private_bank_new": (ORG_CLASS, private_bank.new),
    "rpt_private_bank_lost": (ORG_CLASS, private_bank.lost),
    "rpt_private_bank_stock_loss": (ORG_CLASS, private_bank.stock_loss),
    "rpt_private_bank_stock_detail": ((MONTH, "customer_id", "class_code"), private_bank.stock_detail),
    "rpt_private_bank_new_detail": ((MONTH, "customer_id", "class_code"), private_bank.new_detail),
}


@pytest.mark.parametrize("table", PRIVATE_BANK)
def test_a_private_banking_report_is_what_its_members_make_of_it(
    warehouse: Warehouse, all_members: list[Member], table: str
) -> None:
    key, recompute = PRIVATE_BANK[table]
    assert differences(warehouse, table, key, recompute(all_members)) == []


def test_private_banking_assets_are_those_of_the_members(
    warehouse: Warehouse, customers: Customers, all_members: list[Member]
) -> None:
    wanted = private_bank.balance_summary(all_members, customers)
    key = (*ORG_CLASS, "balance_class_code")
    assets = "where side_code = 'asset'"
    assert differences(warehouse, "rpt_private_bank_balance_summary", key, wanted, assets) == []


def test_products_of_a_private_banking_customer_add_to_the_published_aum(warehouse: Warehouse) -> None:
    off = warehouse.query(
        """
        select detail.customer_id, detail.month_start_date
        from (
            select customer_id, month_start_date,
                sum(balance_amt) filter (balance_class_code = 'deposit') as deposit_amt,
                sum(balance_amt) filter (balance_class_code = 'investment') as investment_amt
            from customer_value.rpt_private_bank_balance_detail
            group by all
        ) as detail
        inner join customer_value.fct_customer_aum_monthly as aum using (customer_id, month_start_date)
        where coalesce(detail.deposit_amt, 0) <> aum.deposit_end_amt
            or coalesce(detail.investment_amt, 0) <> aum.investment_end_amt
        """
    )
    assert off == []


def test_customers_at_attention_and_lost_are_counted_by_manager(
    warehouse: Warehouse, customers: Customers
) -> None:
    table, key = "rpt_attention_lost_by_manager", (MONTH, "org_id", "employee_id", "status_code", "tier_code")
    listed = warehouse.query("from customer_value.rpt_attention_lost_customer")
    wanted = reports.by_manager(listed)
    assert differences(warehouse, table, key, wanted, "where status_code <> 'closed'") == []
    closed = warehouse.query(
        f"select {MONTH}, org_id, tier_code, sum(customer_cnt) as n from customer_value.{table}"
        " where status_code = 'closed' group by all"
    )
    counted = {(row[MONTH], row["org_id"], row["tier_code"]): row["n"] for row in closed}
    assert counted == reports.closed_after_a_loss(customers)


def test_the_generated_bank_has_what_makes_it_worth_comparing(generated_warehouse: Warehouse) -> None:
    def count(table: str, condition: str) -> Any:
        (row,) = generated_warehouse.query(
            f"select count(*) as n from customer_value.{table} where {condition}"
        )
        return row["n"]

    assert count("rpt_tier_migration_monthly", "opening_cnt > customer_cnt")
    assert count("rpt_tier_migration_monthly", "to_tier_code = 'closed'")
    assert count("rpt_attention_lost_customer", "status_code = 'lost'")
    assert count("rpt_attention_lost_customer", "employee_id <> 'UNASSIGNED'")
    assert count("rpt_private_bank_new", "risen_cnt > 0")
    assert count("rpt_private_bank_lost", "left_cnt > 0")
    assert count("rpt_private_bank_balance_detail", "side_code = 'liability'")
    assert count("rpt_private_bank_balance_detail", "not is_provisional")
