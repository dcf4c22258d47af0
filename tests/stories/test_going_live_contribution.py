"""A first month that is not recorded whole, and one in which orgs and owners change: the reference."""

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import MakeInMemory
from tests.reference import contribution as reference
from tests.reference.contribution_line import COMPONENTS, Key, Line
from tests.reference.contribution_views import by_customer
from tests.reference.interleaved import altered_books, interleaved
from tests.stories.going_live_bank import FEBRUARY, JANUARY, MARCH, going_live_bank
from tests.support.bank import Bank
from tests.support.published import hashed
from tests.support.warehouse import Warehouse
from tests.support.whole_nights import WholeNights

PARTS = (*COMPONENTS, "capital_charge")
LEDGER = "contribution.fct_account_contribution_monthly"
MARTS = (
    "fct_account_contribution_monthly", "fct_cost_allocation_monthly", "fct_cost_pool_monthly",
    "fct_customer_contribution_monthly", "rpt_contribution_change", "rpt_contribution_concentration",
)  # fmt: skip


@pytest.fixture(scope="module")
def bank() -> Bank:
    return going_live_bank()


@pytest.fixture(scope="module")
def warehouse(built_in_memory: MakeInMemory, bank: Bank) -> Warehouse:
    return built_in_memory("going-live", bank, MARTS)


@pytest.fixture(scope="module")
def ledger(bank: Bank) -> dict[Key, Line]:
    return reference.ledger(bank, [JANUARY, FEBRUARY])


def lines(warehouse: Warehouse, account: str, month: date) -> dict[str, dict]:
    """Rows of an account by org."""
    rows = warehouse.query(
        f"select * from {LEDGER} where account_id = ? and month_start_date = ?", hashed(account), month
    )
    return {row["org_id"]: row for row in rows}


def counts(row: dict) -> tuple[int, int]:
    """Driver count and total, in millionths and cents."""
    units = 100 if row["driver_code"] == "balances" else 1_000_000
    return int(row["driver_count"] * units), int(row["driver_total"] * units)


def test_every_line_is_the_reference(warehouse: Warehouse, ledger: dict[Key, Line]) -> None:
    rows = warehouse.query(f"select * from {LEDGER} where month_start_date < ?", MARCH)

    names = {hashed(account): account for account, *_ in ledger}
    found = {
        (
            names.get(row["account_id"], row["account_id"]), row["product_code"], row["org_id"],
            row["month_start_date"],
        ): (
            row["customer_id"], row["is_rate_assumed"], int(row["average_balance_amt"] * 100),
            *(int(row[f"{part}_amt"] * 100) for part in PARTS),
        )
        for row in rows
    }  # fmt: skip
    assert found == {
        key: (line.customer, line.is_rate_assumed, line.average, *line.components.values())
        for key, line in ledger.items()
    }


@pytest.mark.parametrize("seed", [2])
def test_batches_that_come_wrong_late_and_again_end_in_the_same(
    warehouse: Warehouse, bank: Bank, seed: int, tmp_path: Path
) -> None:
    """Nights that were killed, batches that said otherwise and were sent again: the last word counts."""
    nights, batches = WholeNights(MARTS), bank.deliveries()
    steps = interleaved(batches, random.Random(seed), altered_books)
    for batch, is_published in steps:
        nights.run(batch, is_published=is_published)
    late = nights.published(tmp_path)

    assert len(steps) > len(batches) and {batch.sequence for batch, _ in steps} == {1, 2}
    for mart in MARTS:
        rows = f"from contribution.{mart} order by all"
        assert late.query(rows) == warehouse.query(rows), mart


def test_every_line_of_cost_names_its_pool_and_what_it_counts_as(
    warehouse: Warehouse, ledger: dict[Key, Line]
) -> None:
    rows = warehouse.query(
        "select * from contribution.fct_cost_allocation_monthly where month_start_date < ?", MARCH
    )

    names = {hashed(account): account for account, *_ in ledger}
    found = {
        (
            names[row["account_id"]], row["product_code"], row["org_id"], row["month_start_date"],
            row["cost_pool_id"], row["pool_org_id"], row["cost_month_date"], row["bearing_org_id"],
        ): (*counts(row), int(row["cost_amt"] * 100))
        for row in rows
    }  # fmt: skip
    assert found == {(*key, *pool): told for key, line in ledger.items() for pool, told in line.pools.items()}
    for row in rows:
        # to the cent of the pool × count / total
        pool = next(
            each
            for each in warehouse.query("select * from contribution.fct_cost_pool_monthly")
            if (each["cost_pool_id"], each["bearing_org_id"], each["month_start_date"])
            == (row["cost_pool_id"], row["bearing_org_id"], row["month_start_date"])
        )
        exact = pool["counted_amt"] * row["driver_count"] / row["driver_total"]
        assert abs(exact - row["cost_amt"]) < Decimal("0.01")


def test_owners_share_by_the_days_and_the_balances_of_the_days(
    warehouse: Warehouse, ledger: dict[Key, Line]
) -> None:
    rows = warehouse.query(
        "select * from contribution.fct_customer_contribution_monthly where month_start_date < ?", MARCH
    )

    found = {
        (row["customer_id"], row["month_start_date"]): tuple(int(row[f"{part}_amt"] * 100) for part in PARTS)
        for row in rows
    }
    assert found == {
        key: tuple(parts[part] for part in PARTS) for key, parts in by_customer(ledger.values()).items()
    }


def test_a_term_deposit_of_the_history_is_priced_by_its_own_tenor(warehouse: Warehouse) -> None:
    (ada,) = lines(warehouse, "ada-A1", JANUARY).values()
    (ben,) = lines(warehouse, "ben-A1", JANUARY).values()

    # 365 days from an opening before the first curve: that curve's 2 %, 10,000,000 × (2 % − 1.5 %) × 31 / 365
    assert (ada["ftp_rate"], ada["deposit_nii_amt"]) == (Decimal("0.02"), Decimal("4246.58"))
    assert ada["is_rate_assumed"]
    # 180 days between 1.2 % at 30 and 2 % at 365, by the curve of its opening: 20,000 × 0.3582 % × 17 / 365
    assert (ben["ftp_rate"], ben["deposit_nii_amt"]) == (Decimal("0.015582"), Decimal("3.34"))
    assert not ben["is_rate_assumed"]
    (later,) = lines(warehouse, "ada-A1", FEBRUARY).values()
    assert (later["ftp_rate"], later["is_rate_assumed"]) == (Decimal("0.02"), True)


def test_a_maturity_that_means_none_is_priced_by_the_day(warehouse: Warehouse) -> None:
    for account in ("pat-L1", "pat-A1"):
        (february,) = lines(warehouse, account, FEBRUARY).values()
        (march,) = lines(warehouse, account, MARCH).values()

        # tenor 0; the 0.9 % of 18 February came with the batch of March: a closed month knows its own batches
        assert (february["ftp_rate"], march["ftp_rate"]) == (Decimal("0.011"), Decimal("0.009"))


def test_a_loan_bears_the_days_that_the_history_tells_and_its_risk_those_recorded(
    warehouse: Warehouse,
) -> None:
    (january,) = lines(warehouse, "gil-L1", JANUARY).values()

    # 1,000,000 × (6 % − 3 %) × 31 / 360; 1 % × 45 % × 1,000,000 / 12 for 6 of 31 days
    assert january["loan_nii_amt"] == Decimal("2583.33")
    assert january["expected_loss_amt"] == Decimal("-72.58")
    # 1,000,000 × 10.5 % × 12 % / 12 × 6 / 31
    assert january["capital_charge_amt"] == Decimal("-203.23")
    assert (january["recorded_days"], january["is_partial_month"]) == (6, True)


def test_a_loan_that_moves_is_at_each_org_for_its_days(warehouse: Warehouse) -> None:
    february = lines(warehouse, "gil-L1", FEBRUARY)

    # 9 days at O1, 19 at O2
    assert {org: row["loan_nii_amt"] for org, row in february.items()} == {
        "O1": Decimal("750.00"), "O2": Decimal("1583.33")
    }  # fmt: skip
    assert {org: row["expected_loss_amt"] for org, row in february.items()} == {
        "O1": Decimal("-120.54"), "O2": Decimal("-254.46")
    }  # fmt: skip
    assert {org: (row["held_days"], row["open_days"]) for org, row in february.items()} == {
        "O1": (9, 28), "O2": (19, 28)
    }  # fmt: skip


def test_the_pool_of_a_merged_org_falls_to_its_successor_from_the_day_of_the_change(
    warehouse: Warehouse,
) -> None:
    pools = warehouse.query("select * from contribution.fct_cost_pool_monthly where cost_pool_id = 'PM'")
    kim = lines(warehouse, "kim-A1", FEBRUARY)["O4"]

    assert {row["bearing_org_id"]: (row["bearing_days"], row["allocated_amt"]) for row in pools} == {
        "O4": (9, Decimal("68490.64")), "O2": (19, Decimal("144591.36"))
    }  # fmt: skip
    # alone at the outlet, for 9 days
    assert kim["allocated_cost_amt"] == Decimal("-68490.64")


def test_a_month_that_is_not_recorded_whole_judges_nobody(warehouse: Warehouse) -> None:
    rows = warehouse.query("select * from contribution.fct_customer_contribution_monthly")

    for row in rows:
        is_january = row["month_start_date"] == JANUARY
        assert row["is_partial_month"] == is_january
        assert (row["contribution_status_code"] == "not_judged") == is_january
        assert (
            row["months_12m_cnt"]
            == {JANUARY: 0, FEBRUARY: 1, MARCH: row["months_12m_cnt"]}[row["month_start_date"]]
        )
        if is_january:
            assert not row["is_cost_centre"] and row["contribution_12m_amt"] == 0
            assert row["contribution_avg_12m_amt"] is None
        if row["month_start_date"] == FEBRUARY:
            assert row["contribution_12m_amt"] == row["contribution_amt"]
            assert row["is_cost_centre"] == (row["contribution_amt"] < 0)
    months = "select distinct month_start_date as month from contribution."
    for report, expected in (
        ("rpt_contribution_concentration", {FEBRUARY, MARCH}),
        ("rpt_contribution_change", {MARCH}),
    ):
        assert {row["month"] for row in warehouse.query(months + report)} == expected


def test_the_merger_costs_more_than_all_earn_and_no_share_turns_round(warehouse: Warehouse) -> None:
    rows = warehouse.query(
        "select * from contribution.rpt_contribution_concentration where month_start_date = ?", FEBRUARY
    )

    assert all(row["all_contribution_amt"] < 0 and row["total_share"] is None for row in rows)
    assert {row["positive_share"] for row in rows if row["bucket_code"] == "decile_1"} != {None}


def test_the_statement_tells_days_pools_and_what_is_assumed(warehouse: Warehouse) -> None:
    def told(customer: str, month: str) -> str:
        done = warehouse.command("explain", customer, "--contribution", "--month", month)
        assert done.returncode == 0, done.stderr
        return " ".join(done.stdout.split())

    kim, gil, ada = told("kim", "2026-02"), told("gil", "2026-01"), told("ada", "2026-01")

    assert "kept by org O4 on 9 of 28 days" in kim
    assert "allocated cost -68,490.64: pool PM of org O4, 68,490.64 × 0.321429 / 0.321429 accounts" in kim
    assert "Not judged: loans or fees are not recorded from the first day of the month on." in gil
    assert "1.0000 % × 45.0000 % × 1,000,000.00 / 12 × 6 / 31" in gil
    assert "× (2.0000 % − 1.5000 %) × 31 / 365, by the earliest curve delivered" in ada
