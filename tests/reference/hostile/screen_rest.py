"""What the screen of a customer repeats of other tables, and whom it belongs to (6.2), in plain Python."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.answers import live
from tests.reference.hostile.cohorts import owning_orgs
from tests.reference.hostile.indicators import managers as managers_on
from tests.reference.hostile.lists import THRESHOLDS, WINDOW
from tests.reference.hostile.products import exactly, loans_on
from tests.reference.hostile.screen import codes, screen
from tests.reference.hostile.segments import band
from tests.reference.hostile.told import Row, Told, bank_day, rounded
from tests.support.bank import Delivery
from tests.support.timeline import month_start

Read = Callable[[str], list[Row]]
SEGMENTS = [
    "lifecycle_code", "activity_code", "rfm_code", "value_code", "potential_code", "asset_layer_code",
    "coarse_class_code", "file_class_code", "wealth_style_code", "service_class_code", "is_key_customer",
    "is_credit_need", "is_wealth_need", "is_payment_need", "is_cross_border_need",
]  # fmt: skip
AVERAGES = [
    "aum_month_avg_amt",
    "aum_quarter_avg_amt",
    "aum_year_avg_amt",
    "aum_avg_6m_amt",
    "aum_avg_12m_amt",
]
TIERS = ["ordinary", "potential", "gold", "platinum", "growth", "core"]


def belonging(told: Told) -> dict[tuple[str], dict[str, Any]]:
    """Who the customer is and whom the relationship belongs to, from the extracts."""
    day = told.last
    orgs, managers = owning_orgs(told, day), managers_on(told, day, day)
    names = {key: row["org_name"] for key, row in told.by_key("org", day).items()}
    staff = {key: row["employee_name"] for key, row in told.by_key("employee", day).items()}
    by_class: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    loans = told.by_key("loan", day)
    for number, one in loans_on(told, day).items():
        by_class[loans[number]["customer_id"], loans[number]["loan_class"]] += exactly(told, one, day)
    last: dict[str, tuple[str, str]] = {}
    for row in told.brought("contact_log"):
        if row["delivered"] and bank_day(row["sent_at"]) <= day:
            at = (row["sent_at"], row["channel"])
            last[row["customer_id"]] = max(last.get(row["customer_id"], at), at)
    return {
        (row["customer_id"],): {
            "business_date": day,
            "customer_type_code": row["customer_type"],
            "first_open_date": row["first_open_date"],
            "is_employee": row["is_employee"],
            "owning_org_id": orgs[row["customer_id"]],
            "owning_org_name": names[orgs[row["customer_id"]]],
            "employee_id": managers.get(row["customer_id"]),
            "employee_name": staff.get(managers.get(row["customer_id"], "")),
            "assistant_cnt": 0,
            "guaranteed_loan_amt": rounded(by_class[row["customer_id"], "guaranteed"]),
            "last_contact_channel_code": last[row["customer_id"]][1] if row["customer_id"] in last else None,
        }
        for row in told.rows("customer", day)
    }


def repeated(told: Told, read: Read) -> dict[tuple[str], dict[str, Any]]:
    """Columns that other tables tell, too, of persons who are not closed."""
    month = month_start(told.last)

    def now(table: str) -> dict[str, Row]:
        return {row["customer_id"]: row for row in read(table) if row["month_start_date"] == month}

    assets, tiers = (
        now("customer_value.fct_customer_aum_monthly"),
        now("customer_value.fct_customer_tier_monthly"),
    )
    segments = now("customer.fct_customer_segment_monthly")
    tonight = {row["customer_id"]: row for row in read("monitoring.fct_customer_assets")}
    labels: dict[str, set[str]] = defaultdict(set)
    for row in read("customer.fct_customer_label"):
        if row["month_start_date"] == month:
            labels[row["customer_id"]].add(row["label_code"])
    first = {
        row["customer_id"]: row["product_line_code"]
        for row in read("customer.fct_recommendation")
        if row["rank_number"] == 1
    }
    told_of: dict[str, set[str]] = defaultdict(set)
    day_of: dict[str, Any] = {}
    for row in sorted(live(read("monitoring.fct_event")), key=lambda one: one["business_date"]):
        if day_of.get(row["customer_id"]) != row["business_date"]:
            told_of[row["customer_id"]] = set()
        day_of[row["customer_id"]] = row["business_date"]
        told_of[row["customer_id"]].add(row["event_code"])
    found = {}
    for row in told.rows("customer", told.last):
        customer = row["customer_id"]
        if row["status"] == "closed" or row["customer_type"] != "P":
            continue
        tier, aum = tiers[customer], tonight[customer]["aum_amt"]
        rank = tier["tier_rank"]
        upper = TIERS[rank + 1] if rank < 5 else None
        of = {name: assets[customer][name] for name in AVERAGES}
        of |= {name: segments[customer][name] for name in SEGMENTS}
        of |= {
            "next_tier_code": upper,
            "next_tier_missing_amt": THRESHOLDS[upper] - tier["assessment_aum_amt"] if upper else None,
            "months_to_loss": WINDOW[tier["tier_code"]] + 1 - tier["below_months"]
            if tier["deciding_factor_code"] == "aum" and rank and tier["below_months"]
            else None,
            "postal_class_code": band(
                aum, (10_000, "d"), (50_000, "c"), (200_000, "b"), (500_000, "a2"), last="a1"
            ),
            # by the month's average, as that rulebook says
            "wealth_class_code": band(
                assets[customer]["aum_month_avg_amt"],
                (100_000, "mass"),
                (Decimal("5000000.01"), "wealth"),
                last="private",
            ),
            "label_codes": codes(labels[customer]),
            "recommended_product_line_code": first.get(customer),
        }
        if len(told_of[customer]) < 2:
            of["last_event_code"] = next(iter(told_of[customer]), None)
        found[(customer,)] = of
    return found


def stays(deliveries: Sequence[Delivery]) -> dict[tuple[str, date], dict[str, Any]]:
    """When customers entered and left the segment of who holds a fund or has 1,000 or more in deposits."""
    found: dict[tuple[str, date], dict[str, Any]] = {}
    inside: dict[str, date] = {}
    for place, delivery in enumerate(deliveries, 1):
        night = delivery.business_date
        members = {
            customer
            for (customer,), of in screen(Told(deliveries[:place])).items()
            if not of["is_closed"]
            and (of["deposit_amt"] >= 1000 or ",fund," in (of["held_line_codes"] or ""))
        }
        for customer in inside.keys() - members:
            found[customer, inside.pop(customer)] = {"left_date": night, "is_member": False}
        for customer in members - inside.keys():
            inside[customer] = night
    return found | {
        (customer, since): {"left_date": None, "is_member": True} for customer, since in inside.items()
    }
