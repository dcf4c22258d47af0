"""A bank that has its contribution computed at month ends only (``contribution`` in ``bank.yml``)."""

from datetime import date
from pathlib import Path
from typing import Any

from orchestration.settings import Settings
from tests.support.bank import Bank
from tests.support.landing import land
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse

FIRST, MIDDLE, LAST = NIGHTS = [date(2026, 1, 30), date(2026, 2, 12), date(2026, 2, 27)]
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
TABLES = (
    "fct_account_contribution_monthly",
    "fct_cost_allocation_monthly",
    "fct_customer_contribution_monthly",
    "fct_rm_contribution_monthly",
    "agg_org_contribution_monthly",
    "agg_product_contribution_monthly",
    "agg_tier_contribution_monthly",
    "rpt_contribution_change",
    "rpt_contribution_concentration",
)


def small_bank() -> Bank:
    """Deposits that grow on every night, and a loan."""
    bank = Bank(list(NIGHTS))
    bank.books.quote("C1", date(2025, 12, 31), d0="0.01", d365="0.02")
    bank.books.product("LEND", "loan", day_count=360)
    for number in range(1, 5):
        account = bank.customer(f"c{number}").account().holds(number * 10_000, since=FIRST).bears("0.0035")
        account.holds(number * 20_000, since=MIDDLE).holds(number * 30_001, since=LAST)
    debtor = bank.customer("debtor").borrows(1_000_000, since=FIRST)
    debtor.bears("0.06", until=date(2028, 1, 30), product="LEND")
    bank.books.pool("P1", "O1", FEBRUARY, "7.00", "transactions", on=MIDDLE)
    bank.books.move("c1-A1", MIDDLE, 2)
    bank.books.move("c2-A1", LAST)
    return bank


def rows(warehouse: Warehouse, table: str, month: date) -> list[dict[str, Any]]:
    return warehouse.query(
        f"select * from contribution.{table} where month_start_date = ? order by all", month
    )


def test_the_running_month_waits_for_its_last_business_day(tmp_path: Path) -> None:
    bank, every_night = small_bank(), Warehouse(tmp_path / "every night")
    land(every_night.home, bank.delivery(FIRST))
    # the bank begins on 30 January with nothing before it
    (every_night.home / "bank.yml").write_text("accept_partial_start: true\n")
    run_quickly(Settings.load(every_night.home))
    at_month_ends = every_night.copy_to(tmp_path / "month ends")
    (at_month_ends.home / "bank.yml").write_text("contribution: month_end\naccept_partial_start: true\n")
    for night in (MIDDLE, LAST):
        land(every_night.home, bank.delivery(night))
    run_quickly(Settings.load(every_night.home))

    land(at_month_ends.home, bank.delivery(MIDDLE))
    run_quickly(Settings.load(at_month_ends.home))

    for table in TABLES:
        assert rows(at_month_ends, table, FEBRUARY) == []
        assert rows(at_month_ends, table, JANUARY) == rows(every_night, table, JANUARY)

    land(at_month_ends.home, bank.delivery(LAST))
    run_quickly(Settings.load(at_month_ends.home))

    for table in TABLES:
        assert rows(at_month_ends, table, FEBRUARY) == rows(every_night, table, FEBRUARY)
    # the average counts the balances of the nights between
    averages = {row["average_balance_amt"] for row in rows(at_month_ends, TABLES[0], FEBRUARY)}
    assert len(averages) == len(bank.accounts) + 1
