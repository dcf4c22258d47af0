"""Gate 2 shuts when a view of the contribution does not add to the account ledger."""

from pathlib import Path

import pytest

from expectations.datasource import Validator
from expectations.suites.contribution import contribution_suites
from orchestration.warehouse import open_database
from tests.unit.gate_bank import DAY, LakeNight
from tests.unit.gate_contribution import CONTRIBUTION_MARTS

CENT = "contribution_not_conserved"


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> LakeNight:
    made = LakeNight(Path(tmp_path_factory.mktemp("contribution_gate")))
    made.write()
    made.query(CONTRIBUTION_MARTS)
    return made


def failed(night: LakeNight) -> set[tuple[str, str]]:
    suites = contribution_suites([DAY.replace(day=1)])
    with open_database(night.settings) as connection:
        validator = Validator(connection, suites)
        answers = [answer for suite in suites for answer in validator.run(suite)[0]]
        validator.close()
    assert len(answers) == sum(len(suite.checks) for suite in suites)
    return {(answer.table_name, answer.check_code) for answer in answers if not answer.is_passed}


def test_views_that_add_up_pass(night: LakeNight) -> None:
    assert failed(night) == set()


@pytest.mark.parametrize(
    ("table", "spoil"),
    [
        ("fct_account_contribution_monthly", "eva_amt = eva_amt + 0.01"),
        ("fct_customer_contribution_monthly", "fee_income_amt = fee_income_amt - 0.01"),
        ("fct_rm_contribution_monthly", "capital_charge_amt = 0"),
        ("agg_product_contribution_monthly", "contribution_amt = contribution_amt + 0.01"),
        ("agg_tier_contribution_monthly", "month_start_date = date '2025-11-01'"),
        ("agg_org_contribution_monthly", "own_amt = own_amt + 0.01"),
        ("agg_org_contribution_monthly", "rolled_up_amt = rolled_up_amt - 0.01"),
        ("rpt_contribution_change", "mix_amt = mix_amt + 0.01"),
        ("rpt_contribution_change", "total_amt = total_amt + 0.01, mix_amt = mix_amt + 0.01"),
        ("fct_cost_pool_monthly", "allocated_amt = 1.99, counted_amt = 1.99"),
        ("fct_cost_allocation_monthly", "cost_amt = cost_amt + 0.01"),
        ("fct_cost_allocation_monthly", "driver_count = driver_count - 0.000001"),
        ("fct_cost_allocation_monthly", "bearing_org_id = 'O2'"),
    ],
)
def test_a_cent_shuts_the_gate(night: LakeNight, table: str, spoil: str) -> None:
    night.query(f"create or replace table kept as from contribution.{table}")
    night.query(f"update contribution.{table} set {spoil} where month_start_date = date '2026-01-01'")

    found = failed(night)

    night.query(f"create or replace table contribution.{table} as from kept")
    assert (table, CENT) in found


def test_a_pool_without_accounts_is_a_warning(night: LakeNight) -> None:
    night.query(
        "insert into contribution.fct_cost_pool_monthly"
        " values (date '2026-01-01', 9.00, 9.00, 0.00, 'P9', 'O1', 'O1', date '2026-01-01', 0.00, 0)"
    )

    found = failed(night)

    night.query("delete from contribution.fct_cost_pool_monthly where cost_amt = 9.00")
    assert found == {("fct_cost_pool_monthly", "cost_not_allocated")}
