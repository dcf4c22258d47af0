"""Contribution of the generated bank: every view says what the ledger says, at every month."""

from itertools import pairwise

from tests.reference.contribution_line import COMPONENTS
from tests.support.warehouse import Warehouse

LEDGER = "contribution.fct_account_contribution_monthly"
PARTS = (*COMPONENTS, "capital_charge", "contribution")


def test_all_views_equal_the_ledger_at_every_month_of_a_generated_bank(
    generated_warehouse: Warehouse,
) -> None:
    sums = ", ".join(f"sum({part}_amt) as {part}_amt" for part in PARTS)
    ledger = generated_warehouse.query(f"select month_start_date, {sums} from {LEDGER} group by 1 order by 1")
    views = (
        "fct_customer_contribution_monthly",
        "fct_rm_contribution_monthly",
        "agg_product_contribution_monthly",
        "agg_tier_contribution_monthly",
    )

    assert len(ledger) > 1
    assert all(row["contribution_amt"] != 0 for row in ledger)
    for view in views:
        assert (
            generated_warehouse.query(
                f"select month_start_date, {sums} from contribution.{view} group by 1 order by 1"
            )
            == ledger
        ), view
    orgs = generated_warehouse.query(
        "select month_start_date, sum(own_amt) as contribution_amt"
        " from contribution.agg_org_contribution_monthly group by 1 order by 1"
    )
    assert [row["contribution_amt"] for row in orgs] == [row["contribution_amt"] for row in ledger]
    changes = generated_warehouse.query(
        "select month_start_date, sum(volume_amt + rate_amt + mix_amt + new_closed_amt) as parts,"
        " sum(total_amt) as total"
        " from contribution.rpt_contribution_change group by 1 order by 1"
    )
    partial = {
        row["month_start_date"]
        for row in generated_warehouse.query(f"select month_start_date from {LEDGER} where is_partial_month")
    }
    # of a month that is not recorded whole there is no change
    compared = [(old, new) for old, new in pairwise(ledger) if old["month_start_date"] not in partial]
    for row, (old, new) in zip(changes, compared, strict=True):
        assert row["parts"] == row["total"] == new["contribution_amt"] - old["contribution_amt"]
        assert row["month_start_date"] == new["month_start_date"]
