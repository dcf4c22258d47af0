"""What the live rulebook gives as a what-if, against the live tiers; each row of reasons judged alone."""

from tests.support.warehouse import Warehouse

_RULE = "tier_code, tier_rank, status_code, deciding_factor_code, held_by_factor_code, lost_tier_code"
_LIVE = f"select customer_id, month_start_date, rulebook_version, {_RULE}, below_months, is_provisional"


def what_if_differences(warehouse: Warehouse) -> list[str]:
    """Customer-months, of all history, that the live rulebook judges otherwise as a what-if."""
    live = f"{_LIVE} from customer_value.fct_customer_tier_monthly"
    what_if = f"{_LIVE} from customer_value.what_if_tiers('documents')"
    rows = warehouse.query(
        f"({live} except all {what_if}) union all ({what_if} except all {live}) order by all"
    )
    return [str(row) for row in rows]


def reason_differences(warehouse: Warehouse) -> list[str]:
    """Rows of reasons from which alone another tier follows than the one they explain."""
    versions = {row["tier_code"]: row for row in warehouse.query("from rules.tier_rules")}
    wrong = []
    for row in warehouse.query("from customer_value.fct_tier_reason"):
        reached = row["threshold_amt"] is not None and row["factor_amt"] >= row["threshold_amt"]
        within = row["below_months"] is not None and row["below_months"] <= row["window_months"]
        if row["deciding_factor_code"] != "aum":
            holds = reached
        elif versions[row["tier_code"]]["tier_rank"] == 0:
            holds = row["below_months"] is None and row["threshold_amt"] is None
        else:
            holds = within and (row["below_months"] > 0 or reached)
        if not holds:
            wrong.append(f"{row['customer_id']} {row['month_start_date']}: {row}")
    return wrong
