"""What came of events (5.4), and the lists of the workbench, from the extracts and the events published."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.cohorts import owning_orgs
from tests.reference.hostile.pipeline import changes
from tests.reference.hostile.told import Row, Told, bank_day, rate, rounded
from tests.support.timeline import month_start

WINDOW, LOGGED, RECENT = timedelta(14), timedelta(30), timedelta(90)
Reached = dict[str, list[date]]


def live(events: Iterable[Row]) -> list[Row]:
    """Events that were told and not withdrawn, as first told."""
    first: dict[str, Row] = {}
    last: dict[str, Row] = {}
    for row in sorted(events, key=lambda one: one["entry_id"]):
        first.setdefault(row["event_id"], row)
        last[row["event_id"]] = row
    return [first[one] for one, row in last.items() if row["entry_type_code"] == "event"]


def reached(told: Told) -> Reached:
    """Days of contacts that reached customers, and of visits."""
    found: Reached = defaultdict(list)
    for row in told.brought("contact_log"):
        if row["delivered"]:
            found[row["customer_id"]].append(bank_day(row["sent_at"]))
    for row in told.brought("visit"):
        found[row["customer_id"]].append(bank_day(row["visited_at"]))
    # what is planned has answered nothing yet
    return {who: [day for day in days if day <= told.last] for who, days in found.items()}


def event_months(told: Told, events: Iterable[Row]) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Rows of ``rpt_event_monthly`` by org, event and month."""
    touched, ways = reached(told), changes(told, told.last)
    groups: dict[tuple[str, str, date], list[Row]] = defaultdict(list)
    for row in live(events):
        groups[row["owning_org_id"], row["event_code"], month_start(row["business_date"])].append(row)
    found = {}
    for key, rows in groups.items():
        waits: list[int] = []
        chances: set[str] = set()
        for event in rows:
            since = event["business_date"]
            days = [day for day in touched.get(event["customer_id"], []) if since <= day <= since + WINDOW]
            for number, way in ways.items():
                opened, row = way[0][0], way[-1][2]
                if row["customer_id"] == event["customer_id"] and since <= opened <= since + WINDOW:
                    days.append(opened)
                    chances.add(number)
            if days:
                waits.append((min(days) - since).days)
        won = [ways[one][-1][2] for one in chances if ways[one][-1][2]["stage"] == "won"]
        found[key] = {
            "event_cnt": len(rows),
            "customer_cnt": len({row["customer_id"] for row in rows}),
            "amount_amt": sum((row["amount_amt"] or Decimal(0) for row in rows), Decimal(0)),
            "answered_cnt": len(waits),
            "answer_rate": rate(len(waits), len(rows)),
            "median_answer_days": median(waits),
            "opportunity_cnt": len(chances),
            "won_amt": sum((row["amount"] for row in won), Decimal(0)),
        }
    return found


def median(values: list[int]) -> Decimal | None:
    """The middle one, or half the sum of the two in the middle."""
    ordered, half = sorted(values), len(values) // 2
    if not ordered:
        return None
    if len(ordered) % 2:
        return Decimal(ordered[half])
    return rounded(Fraction(ordered[half - 1] + ordered[half], 2), 1)


def key_customers(
    told: Told, segments: Iterable[Row], tiers: Iterable[Row], events: Iterable[Row], main: Mapping[str, str]
) -> dict[tuple[str], dict[str, Any]]:
    """Rows of ``rpt_key_customer_status`` by customer.

    Args:
        main: Main managers by customer.
    """
    month, day = month_start(told.last), told.last
    tier = {row["customer_id"]: row for row in tiers if row["month_start_date"] == month}
    of_customer: dict[str, list[Row]] = defaultdict(list)
    for row in live(events):
        if row["business_date"] > day - RECENT:
            of_customer[row["customer_id"]].append(row)
    found = {}
    for row in segments:
        customer = row["customer_id"]
        if row["month_start_date"] != month or not row["is_key_customer"] or row["is_closed"]:
            continue
        own = sorted(of_customer[customer], key=lambda one: (one["business_date"], one["entry_id"]))
        found[(customer,)] = {
            "owning_org_id": row["owning_org_id"],
            "employee_id": main.get(customer),
            "tier_code": tier[customer]["tier_code"],
            "status_code": tier[customer]["status_code"],
            "lost_tier_code": tier[customer]["lost_tier_code"],
            "below_months": tier[customer]["below_months"],
            "assessment_aum_amt": tier[customer]["assessment_aum_amt"],
            "event_90d_cnt": len(own),
            "last_told_date": own[-1]["business_date"] if own else None,
        }
    return found


def main_managers(told: Told) -> dict[str, str]:
    """Main managers, assigned by hand; of a customer who has closed, too, while the bank says so."""
    return {
        row["customer_id"]: row["employee_id"]
        for row in told.rows("assignment", told.last)
        if row["role"] == "main"
        and row["valid_from"] <= told.last
        and (row["valid_to"] is None or told.last < row["valid_to"])
    }


def work_log(told: Told, main: Mapping[str, str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows of ``feed_work_log`` by kind and number: visits and contacts of 30 days."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    since = told.last - LOGGED
    for row in told.brought("visit"):
        day = bank_day(row["visited_at"])
        if since < day <= told.last:
            found["visit", row["visit_id"]] = {
                "employee_id": row["employee_id"],
                "customer_id": row["customer_id"],
                "work_date": day,
                "has_location": row["has_location"],
            }
    for row in told.brought("contact_log"):
        day = bank_day(row["sent_at"])
        if since < day <= told.last:
            found["contact", row["contact_id"]] = {
                "employee_id": main.get(row["customer_id"]),
                "customer_id": row["customer_id"],
                "work_date": day,
                "channel_code": row["channel"],
                "is_delivered": row["delivered"],
            }
    return found


def recommendation_lines(
    told: Told, recommended: Iterable[Row], main: Mapping[str, str]
) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows of ``feed_recommendation``: every recommendation, with who looks after the customer."""
    orgs = owning_orgs(told, told.last)
    return {
        (row["customer_id"], row["product_line_code"]): {
            "employee_id": main.get(row["customer_id"]),
            "org_id": orgs[row["customer_id"]],
            "rank_number": row["rank_number"],
            "score": row["score"],
        }
        for row in recommended
    }
