"""Merges of customers from the files to the release: told, told late, restated by command, refused."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.errors import NotFoundError
from orchestration.ingestion.audit import merge_restatements
from orchestration.merges import NotRestatedError, restate_merges
from orchestration.settings import Settings
from tests.conftest import ShareWarehouse
from tests.support.bank import Bank
from tests.support.landing import land
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse

NIGHTS = [date(2026, 1, 29), date(2026, 1, 31), date(2026, 2, 2), date(2026, 2, 3)]
LATER, NEXT_MONTH = date(2026, 2, 5), date(2026, 3, 2)
TOLD = NIGHTS[2]
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
LONG_AGO = date(2015, 1, 1)


def merging_bank(told_on: date | None = TOLD) -> Bank:
    """B is merged with A."""
    bank = Bank([*NIGHTS, LATER, NEXT_MONTH])
    bank.books.assign("A", "E1", "O1", "1", LONG_AGO)
    for name, amount in (("A", 100_000), ("B", 250_000), ("C", 1_000)):
        customer = bank.customer(name, opened=LONG_AGO)
        customer.holds(amount, since=JANUARY)
        if name == "B" and told_on is not None:
            customer.merges_into("A", on=told_on)
        if name == "C":
            # a word of somebody who was never merged, and is not
            customer.moves_to("O2", on=NIGHTS[3])
    return bank


@pytest.fixture(scope="module")
def told(shared_warehouse: ShareWarehouse) -> Warehouse:
    """All nights, with the merge told on the third."""

    def fill(warehouse: Warehouse) -> None:
        for night in NIGHTS:
            land(warehouse.home, merging_bank().delivery(night))
        warehouse.run()

    return shared_warehouse("merges", fill)


def _aum(warehouse: Warehouse, month: date) -> dict[str, int]:
    rows = warehouse.query(
        "select customer_id, aum_end_amt from customer_value.fct_customer_aum_monthly"
        " where month_start_date = ? order by customer_id",
        month,
    )
    return {row["customer_id"]: int(row["aum_end_amt"]) for row in rows}


def _restated(warehouse: Warehouse) -> list[tuple[date, int, date, str]]:
    rows = warehouse.query("select * from quality.fct_restatement order by month_start_date")
    return [
        (
            row["month_start_date"],
            row["customers_changed"],
            row["caused_by_business_date"],
            row["explanation"],
        )
        for row in rows
    ]


def test_a_closed_month_is_told_again_by_command_alone(told: Warehouse, tmp_path: Path) -> None:
    warehouse = told.copy_to(tmp_path / "home")
    settings = Settings.load(warehouse.home)
    assert _aum(warehouse, JANUARY) == {"A": 100_000, "B": 250_000, "C": 1_000}
    assert _aum(warehouse, FEBRUARY) == {"A": 350_000, "C": 1_000}
    assert _restated(warehouse) == []
    (merge,) = warehouse.query("select * from reference.dim_customer_merge")
    assert (merge["merged_customer_id"], merge["customer_id"], merge["merged_from_date"]) == ("B", "A", TOLD)

    restate_merges(settings, TOLD, NIGHTS[1], "the branch had asked for it", by="an operator")
    run_quickly(settings)

    assert _aum(warehouse, JANUARY) == _aum(warehouse, FEBRUARY) == {"A": 350_000, "C": 1_000}
    assert _restated(warehouse) == [
        (
            JANUARY, 2, TOLD,
            f"Merges of customers that batch {TOLD} sequence 1 told were restated by acrm restate-merges",
        )
    ]  # fmt: skip
    (merge,) = warehouse.query("select * from reference.dim_customer_merge")
    assert merge["merged_from_date"] == TOLD
    (entry,) = merge_restatements(settings)
    assert (entry.told_on, entry.from_date, entry.by) == (str(TOLD), str(NIGHTS[1]), "an operator")
    assert run_quickly(settings) == []

    # whatever is thrown away, the log and the lake say it again
    before = warehouse.parquet_hashes("customer_value", "customer", "reference", "contribution")
    run_quickly(settings, rebuild=True)
    assert warehouse.parquet_hashes("customer_value", "customer", "reference", "contribution") == before


def test_a_batch_that_tells_it_late_restates_as_any_other(told: Warehouse, tmp_path: Path) -> None:
    warehouse = told.copy_to(tmp_path / "home")
    land(warehouse.home, merging_bank(NIGHTS[1]).delivery(NIGHTS[1], sequence=2))
    run_quickly(Settings.load(warehouse.home))

    assert _aum(warehouse, JANUARY) == {"A": 350_000, "C": 1_000}
    assert [row[:3] for row in _restated(warehouse)] == [(JANUARY, 2, NIGHTS[1])]


def test_a_batch_sent_again_without_it_takes_it_back(told: Warehouse, tmp_path: Path) -> None:
    warehouse = told.copy_to(tmp_path / "home")
    for night in NIGHTS[2:]:
        land(warehouse.home, merging_bank(None).delivery(night, sequence=2))
    run_quickly(Settings.load(warehouse.home))

    assert _aum(warehouse, FEBRUARY) == {"A": 100_000, "B": 250_000, "C": 1_000}
    assert warehouse.query("select * from reference.dim_customer_merge") == []


def _average_balances(warehouse: Warehouse, month: date) -> dict[str, int]:
    """By holder; an account has one row each month."""
    rows = warehouse.query(
        "select account_id, customer_id, average_balance_amt"
        " from contribution.fct_account_contribution_monthly where month_start_date = ? order by 1",
        month,
    )
    assert len({row["account_id"] for row in rows}) == len(rows)
    return {row["customer_id"]: int(row["average_balance_amt"]) for row in rows}


def test_taken_back_within_the_month_all_of_it_is_each_ones_own(told: Warehouse, tmp_path: Path) -> None:
    warehouse = told.copy_to(tmp_path / "home")
    bank = merging_bank()
    bank.customers[1].parts(NIGHTS[3])
    settings = Settings.load(warehouse.home)
    for night, sequence in ((NIGHTS[3], 2), (LATER, 1)):
        land(warehouse.home, bank.delivery(night, sequence=sequence))
        run_quickly(settings)
        assert _aum(warehouse, FEBRUARY) == {"A": 100_000, "B": 250_000, "C": 1_000}
        assert _average_balances(warehouse, FEBRUARY) == {"A": 100_000, "B": 250_000, "C": 1_000}
    assert _restated(warehouse) == []


def test_taken_back_in_the_next_month_the_one_that_is_over_stays(told: Warehouse, tmp_path: Path) -> None:
    warehouse = told.copy_to(tmp_path / "home")
    bank = merging_bank()
    bank.customers[1].parts(NEXT_MONTH)
    for night in (LATER, NEXT_MONTH):
        land(warehouse.home, bank.delivery(night))
    run_quickly(Settings.load(warehouse.home))

    assert _aum(warehouse, FEBRUARY) == {"A": 350_000, "C": 1_000}
    for found in (_aum(warehouse, MARCH), _average_balances(warehouse, MARCH)):
        assert found == {"A": 100_000, "B": 250_000, "C": 1_000}
    assert _restated(warehouse) == []


def test_a_circle_is_a_warning_and_is_not_followed(told: Warehouse, tmp_path: Path) -> None:
    warehouse = told.copy_to(tmp_path / "home")
    bank = merging_bank()
    bank.customers[0].merges_into("B", on=NIGHTS[3])
    land(warehouse.home, bank.delivery(NIGHTS[3], sequence=2))
    settings = Settings.load(warehouse.home)
    (night,) = run_quickly(settings)

    (line,) = [line for line in night.warnings if "circle" in line]
    assert "customer" in line and "golden_id" in line
    # nobody can say who goes on: both do
    assert _aum(warehouse, FEBRUARY) == {"A": 100_000, "B": 250_000, "C": 1_000}
    assert _average_balances(warehouse, FEBRUARY) == {"A": 100_000, "B": 250_000, "C": 1_000}


def test_a_restatement_needs_a_batch_and_an_earlier_day(told: Warehouse) -> None:
    settings = Settings.load(told.home)
    with pytest.raises(NotRestatedError, match="from 2026-01-29, the first night, on and before 2026-02-02"):
        restate_merges(settings, TOLD, TOLD, "no reason", by="an operator")
    for night in (NIGHTS[1], NIGHTS[3]):
        with pytest.raises(NotFoundError, match="tells of no merge of customers, and takes none back"):
            restate_merges(settings, night, NIGHTS[0], "no reason", by="an operator")
    assert merge_restatements(settings) == []
