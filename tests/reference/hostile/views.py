"""The view of corporate customers and what new ones are expected to bring (chapter 7)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.answers import live
from tests.reference.hostile.cohorts import lines_on
from tests.reference.hostile.groups import tops
from tests.reference.hostile.of_year import of_year
from tests.reference.hostile.payments import counted, counterparty
from tests.reference.hostile.pipeline import changes
from tests.reference.hostile.told import Row, Told, bank_day, rounded
from tests.support.timeline import add_months, month_start

HURDLE = Fraction("0.12")
"""What capital has to earn in a year."""


def corporate_view(
    told: Told, flows: Sequence[Row], segments: Iterable[Row], events: Iterable[Row], earned: Iterable[Row]
) -> dict[tuple[str], dict[str, Any]]:
    """Columns of ``dim_corporate_360`` by customer."""
    day, month = told.last, month_start(told.last)
    lines, heads, ways = lines_on(told, day), tops(told, day), changes(told, day)
    known = {row["product_line"] for row in told.rows("product", day)}
    of_segment = {row["customer_id"]: row for row in segments if row["month_start_date"] == month}
    earned = list(earned)
    years = of_year(earned)
    worth = {row["customer_id"]: row for row in earned if row["month_start_date"] == month}
    wages, channel = payroll(told, day), most_used(told, day)
    people = {row["customer_id"] for row in told.rows("customer", day) if row["customer_type"] == "P"}
    found = {}
    for row in told.rows("customer", day):
        customer = row["customer_id"]
        if row["customer_type"] != "C" or row["status"] == "closed":
            continue
        year = [
            flow
            for flow in flows
            if flow["customer_id"] == customer and add_months(month, -11) <= flow["month_start_date"] <= month
        ]
        partners: dict[str, int] = defaultdict(int)
        inside = set()
        for flow in year:
            partners[flow["counterparty_key"]] += flow["in_cnt"] + flow["out_cnt"]
            if flow["counterparty_customer_id"]:
                inside.add(flow["counterparty_key"])
        recent = [
            one
            for one in live(events)
            if one["customer_id"] == customer and one["business_date"] > day - timedelta(30)
        ]
        standing = [
            way[-1][2]
            for way in ways.values()
            if way[-1][2]["customer_id"] == customer and way[-1][2]["stage"] not in ("won", "lost")
        ]
        visits = [
            bank_day(one["visited_at"])
            for one in told.brought("visit")
            if one["customer_id"] == customer and bank_day(one["visited_at"]) <= day
        ]
        held = set(lines[customer])
        found[(customer,)] = {
            "ultimate_parent_customer_id": heads.get(customer),
            "is_in_group": customer in heads,
            "industry_code": row["industry_code"],
            "region_code": row["region_code"],
            "size_band_code": of_segment[customer]["size_band_code"],
            "held_lines": ",".join(sorted(held)) or None,
            "line_cnt": len(held),
            "credit_limit_amt": row["credit_limit"],
            "settlement_12m_amt": sum((one["in_amt"] + one["out_amt"] for one in year), Decimal(0)),
            "payment_12m_cnt": sum(one["in_cnt"] + one["out_cnt"] for one in year),
            "counterparty_cnt": sum(count > 0 for count in partners.values()),
            "inside_counterparty_cnt": sum(partners[key] > 0 for key in inside),
            "payroll_person_cnt": len(wages[customer]),
            "payroll_12m_amt": sum(
                (one["salary_out_amt"] for one in year if one["counterparty_customer_id"] in people),
                Decimal(0),
            ),
            "preferred_channel_code": channel.get(customer),
            "event_30d_cnt": len(recent),
            "open_opportunity_cnt": len(standing),
            "open_opportunity_amt": sum((one["amount"] for one in standing), Decimal(0)),
            "last_visit_date": max(visits, default=None),
            # who has nothing in the ledger of the month has no row there
            "contribution_amt": worth[customer]["contribution_amt"] if customer in worth else Decimal(0),
            "contribution_12m_amt": years[customer, month].total
            if (customer, month) in years
            else Decimal(0),
            "raroc_rate": yearly_return(worth[customer]) if customer in worth else None,
            "missing_lines": ",".join(sorted(known - held)) or None,
        }
    return found


def yearly_return(earned: Row) -> Decimal | None:
    """Contribution by capital, of a year: the charge on it is the hurdle's part of the capital."""
    if not earned["capital_charge_amt"]:
        return None
    capital = Fraction(-earned["capital_charge_amt"]) / HURDLE
    return rounded(Fraction(earned["contribution_amt"]) / capital, 6)


def payroll(told: Told, day: date) -> dict[str, set[str]]:
    """Customers of the bank who were paid a salary by a company in 12 months, and not taken back."""
    types = {row["customer_id"]: row["customer_type"] for row in told.rows("customer", day)}
    accounts = told.by_key("account", day)
    found: dict[str, set[str]] = defaultdict(set)
    gone = {row["reversed_txn_id"] for row in told.brought("transaction")} - {None}
    for month, _, row in counted(told, "transaction", "txn_date"):
        if month < add_months(month_start(day), -11) or row["txn_type"] != "salary" or row["reversed_txn_id"]:
            continue
        other = row["counter_customer_id"]
        if row["txn_id"] in gone or row["direction"] != "out" or not other or counterparty(row) is None:
            continue
        for customer in told.shares(accounts[row["account_id"]], day):
            if types.get(customer) == "C" and types.get(other) == "P":
                found[customer].add(other)
    return found


def most_used(told: Told, day: date) -> dict[str, str]:
    """Channel with most use in 12 calendar months, by customer; of several the first in order."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in told.brought("channel_usage"):
        if row["usage_date"] >= add_months(month_start(day), -11):
            counts[row["customer_id"]][row["channel_code"]] += row["logins"] + row["txns"]
    return {
        customer: min(of, key=lambda one: (-of[one], one))
        for customer, of in counts.items()
        if sum(of.values())
    }


def expected_contributions(
    told: Told, rows: Sequence[Row], recorded_from: date
) -> dict[tuple[str], dict[str, Any]]:
    """Rows of ``rpt_expected_contribution`` by customer, from the segments as published.

    Args:
        recorded_from: First day from which contribution is recorded whole.
    """
    month = month_start(told.last)
    year_ago = same_day_a_year_before(told.last)
    whole = [
        row for row in rows if row["month_start_date"] >= recorded_from and 0 <= row["tenure_months"] < 12
    ]
    earlier = [row for row in whole if row["first_open_date"] <= year_ago and not row["is_provisional"]]
    found = {}
    for own in rows:
        if own["month_start_date"] != month or own["first_open_date"] <= year_ago:
            continue
        known = {
            row["tenure_months"]: row["contribution_amt"]
            for row in whole
            if row["customer_id"] == own["customer_id"]
        }
        rest: list[tuple[Decimal, int]] = []
        for step in range(12):
            if step in known:
                continue
            at = [row for row in earlier if row["tenure_months"] == step]
            industry = [row for row in at if row["industry_code"] == own["industry_code"]]
            size = [row for row in industry if row["size_band_code"] == own["size_band_code"]]
            peers = size or industry or at
            if peers:
                total = sum((row["contribution_amt"] for row in peers), Decimal(0))
                rest.append((rounded(Fraction(total) / len(peers)), len(peers)))
        came = sum(known.values(), Decimal(0))
        coming = sum((amount for amount, _ in rest), Decimal(0))
        found[(own["customer_id"],)] = {
            "known_months": len(known),
            "known_amt": came,
            "remaining_months": 12 - len(known),
            "expected_months": len(rest),
            "remaining_amt": coming,
            "expected_12m_amt": came + coming,
            "curve_customer_cnt": min((count for _, count in rest), default=0),
            "is_complete": len(rest) == 12 - len(known),
        }
    return found


def same_day_a_year_before(day: date) -> date:
    """The day a year before; of the 29th of February the 28th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
