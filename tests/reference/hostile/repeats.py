"""Columns that are put together from other tables: of companies, campaigns, and the bridge by org."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from tests.reference.hostile.campaigns import WINDOW
from tests.reference.hostile.channels import band
from tests.reference.hostile.cohorts import owning_orgs
from tests.reference.hostile.groups import ways_up
from tests.reference.hostile.indicators import managers
from tests.reference.hostile.told import Row, Told, rate
from tests.support.timeline import add_months, month_start

Read = Callable[[str], list[Row]]
PARTS = [
    "opening", "scope", "fx", "new_money_in", "money_out", "transfer_in", "transfer_out", "own_transfer",
    "interest", "fee", "loan_flow", "overdraft", "investment_result", "unexplained", "closing",
]  # fmt: skip


def companies(told: Told, read: Read) -> dict[tuple[str], dict[str, Any]]:
    """Columns of ``dim_corporate_360`` that other tables tell, too."""
    month, day = month_start(told.last), told.last

    def now(table: str) -> dict[str, Row]:
        return {row["customer_id"]: row for row in read(table) if row["month_start_date"] == month}

    assets, segments = (
        now("customer_value.fct_customer_aum_monthly"),
        now("corporate.fct_corporate_segment_monthly"),
    )
    worth = now("contribution.fct_customer_contribution_monthly")
    orgs, mine = owning_orgs(told, day), managers(told, day, day)
    up = ways_up(told, day)
    found = {}
    for row in told.rows("customer", day):
        customer = row["customer_id"]
        if row["customer_type"] != "C" or row["status"] == "closed":
            continue
        segment = segments[customer]
        found[(customer,)] = {
            "owning_org_id": orgs[customer],
            "main_employee_id": mine.get(customer, "UNASSIGNED"),
            "team_employees": mine.get(customer),
            "as_of_date": day,
            "first_open_date": row["first_open_date"],
            "group_depth": len(up[customer]) - 1 if customer in up else None,
            **{
                name: assets[customer][name]
                for name in ("deposit_end_amt", "deposit_month_avg_amt", "aum_end_amt", "aum_year_avg_amt")
            },
            **{
                name: segment[name]
                for name in ("lifecycle_code", "activity_code", "value_code", "potential_code", "loan_amt")
            },
            "value_potential_code": f"{segment['value_code']}_{segment['potential_code']}",
            "eva_amt": worth[customer]["eva_amt"] if customer in worth else Decimal(0),
        }
    return found


def chosen(
    told: Told, tiers: Iterable[Row], assets: Iterable[Row], chosen_rows: Iterable[Row]
) -> dict[tuple[str, str], dict[str, Any]]:
    """What ``fct_campaign_target`` says of customers before a campaign: org, tier, age, AUM."""
    tier = {(row["customer_id"], row["month_start_date"]): row for row in tiers}
    worth = {(row["customer_id"], row["month_start_date"]): row["aum_end_amt"] for row in assets}
    campaigns, months = told.by_key("campaign", told.last), {month for _, month in worth}
    people = told.by_key("customer", told.last)
    found = {}
    for row in chosen_rows:
        start = campaigns[row["campaign_id"]]["start_date"]
        before = (row["customer_id"], add_months(month_start(start), -1))
        # the month in which the window ends, or the running one
        ends = campaigns[row["campaign_id"]]["end_date"] + WINDOW
        after = (row["customer_id"], month_start(min(ends, told.last)))
        is_recorded = before[1] in months and after[1] in months
        found[row["campaign_id"], row["customer_id"]] = {
            "owning_org_id": tier[before]["owning_org_id"] if before in tier else "UNKNOWN",
            "tier_code": tier[before]["tier_code"] if before in tier else "none",
            "age_band_code": band(people[row["customer_id"]], start) or "unknown",
            # of a month that is recorded nothing told is nothing held
            "aum_change_amt": worth.get(after, Decimal(0)) - worth.get(before, Decimal(0))
            if is_recorded
            else None,
            "pre_aum_amt": worth.get(before, Decimal(0) if before[1] in months else None),
        }
    return found


def bridges_of_orgs(rows: Iterable[Row]) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Rows of ``agg_aum_bridge_monthly`` by org, tier at the opening and month: sums of customers."""
    groups: dict[tuple[str, str, date], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["owning_org_id"], row["opening_tier_code"], row["month_start_date"]].append(row)
    found = {}
    for key, of in groups.items():
        names = [f"{part}_amt" for part in PARTS] + ["net_new_money_amt", "nnm_indirect_amt"]
        sums = {name: sum((row[name] for row in of), Decimal(0)) for name in names}
        found[key] = sums | {
            "customer_cnt": len(of),
            "net_new_money_rate": rate(sums["net_new_money_amt"], sums["opening_amt"])
            if sums["opening_amt"] > 0
            else None,
        }
    return found


def before_the_bridge(
    told: Told, tiers: Iterable[Row], rows: Iterable[Row]
) -> dict[tuple[str, date], dict[str, Any]]:
    """Org and tier at the opening of ``fct_aum_bridge_monthly`` by customer and month."""
    held = {(row["customer_id"], row["month_start_date"]): row["tier_code"] for row in tiers}
    days = dict(told.months())
    found = {}
    for row in rows:
        customer, month = row["customer_id"], row["month_start_date"]
        is_company = told.by_key("customer", days[month])[customer]["customer_type"] == "C"
        found[customer, month] = {
            "owning_org_id": owning_orgs(told, days[month])[customer],
            "opening_tier_code": "none" if is_company else held.get((customer, add_months(month, -1)), "new"),
        }
    return found
