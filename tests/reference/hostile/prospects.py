"""Prospects' scores and ranks (chapter 7), from the payments as published and the extracts."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.payments import FULL_AMOUNT, FULL_PARTNERS, THIN, WEIGHTS, trend
from tests.reference.hostile.told import Row, Told, rounded
from tests.support.timeline import add_months

TREND = {"rising": Fraction(1), "steady": Fraction(1, 2), "falling": Fraction(0)}


def listed(
    told: Told, rows: Iterable[Row], month: date, orgs: dict[str, str]
) -> dict[tuple[str], dict[str, Any]]:
    """Rows of ``rpt_prospect`` by counterparty, of customers of ours by their number.

    Args:
        orgs: Owning org by customer.
    """
    industries = {row["customer_id"]: row["industry_code"] for row in told.rows("customer", told.last)}
    active = {
        row["customer_id"] for row in told.rows("customer", told.last)
        if row["customer_type"] == "C" and row["status"] != "closed"
    }  # fmt: skip
    year = [row for row in rows if add_months(month, -12) < row["month_start_date"] <= month]
    found: dict[tuple[str], dict[str, Any]] = {}
    by_key: dict[str, list[Row]] = defaultdict(list)
    for row in year:
        if not row["is_inside"]:
            by_key[row["counterparty_key"]].append(row)
    for key, of in by_key.items():
        if sum((row["in_amt"] for row in of), Decimal(0)) > 0:
            found[(key,)] = {"prospect_type_code": "outside"} | of_one(of, month, orgs, industries)
    for customer in active:
        own = [row for row in year if row["customer_id"] == customer]
        whole = sum((row["in_amt"] + row["out_amt"] for row in own), Decimal(0))
        outside = sum((row["in_amt"] + row["out_amt"] for row in own if not row["is_inside"]), Decimal(0))
        if whole > 0 and Fraction(outside) >= THIN * Fraction(whole):
            paid = [row for row in year if row["counterparty_customer_id"] == customer]
            figures = of_one(paid, month, orgs, industries)
            figures["org_id"] = figures["org_id"] or orgs[customer]
            found[(customer,)] = {"prospect_type_code": "thin_customer"} | figures
    rank(found)
    return found


def of_one(
    rows: list[Row], month: date, orgs: dict[str, str], industries: dict[str, str | None]
) -> dict[str, Any]:
    """Figures of one counterparty out of the payments of its partners."""
    paid: dict[date, Decimal] = defaultdict(Decimal)
    partners: dict[str, Decimal] = defaultdict(Decimal)
    between: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        paid[row["month_start_date"]] += row["in_amt"]
        partners[row["customer_id"]] += row["in_amt"]
        between[row["customer_id"]] += row["in_amt"] + row["out_amt"]
    came = sum(paid.values(), Decimal(0))
    months = len({row["month_start_date"] for row in rows if row["in_amt"] > 0})
    count = sum(amount > 0 for amount in partners.values())
    way = trend(paid, month)
    score = 100 * (
        WEIGHTS["amount"] * min(Fraction(1), Fraction(max(came, Decimal(0))) / FULL_AMOUNT)
        + WEIGHTS["months"] * Fraction(months, 12)
        + WEIGHTS["partners"] * min(Fraction(1), Fraction(count, FULL_PARTNERS))
        + WEIGHTS["trend"] * TREND[way]
    )
    best = sorted(between, key=lambda customer: (-between[customer], customer))
    org_sums: dict[str, Decimal] = defaultdict(Decimal)
    industry_sums: dict[str, Decimal] = defaultdict(Decimal)
    for customer, amount in between.items():
        org_sums[orgs[customer]] += amount
        industry_sums[industries[customer] or "none"] += amount
    return {
        "in_amt": came,
        "active_months": months,
        "partner_cnt": count,
        "trend_code": way,
        "score": rounded(score, 4),
        "org_id": min(org_sums, key=lambda org: (-org_sums[org], org), default=None),
        "main_industry_code": min(
            industry_sums, key=lambda one: (-industry_sums[one], one), default="none"
        ),
        **{
            f"partner_{n + 1}_customer_id": best[n] if n < len(best) else None for n in range(3)
        },
    }  # fmt: skip


def rank(found: dict[tuple[str], dict[str, Any]]) -> None:
    """Put in who is the how manieth of their org by score."""
    for of in found.values():
        of["org_rank_no"] = 1 + sum(
            other["org_id"] == of["org_id"] and other["score"] > of["score"] for other in found.values()
        )
