"""What every event says besides its occasion (5.3): class, group, priority, org, manager, in plain Python."""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from tests.reference.hostile.cohorts import owning_orgs
from tests.reference.hostile.indicators import managers
from tests.reference.hostile.told import Row, Told
from tests.support.timeline import add_months, month_start

RULES = Path(__file__).parents[3] / "seeds" / "rules" / "event_rules.csv"
CLASSES = {
    "fund_movement": [
        "large_inflow", "large_outflow", "borrower_outflow", "unusual_inflow", "unusual_outflow",
        "frequent_outside_transfers", "balance_below", "account_closed", "funds_moved_away",
        "payroll_started", "payroll_stopped", "large_card_spend", "counterparty_new_large",
        "inflow_then_purchase_gap", "maturity_then_outflow", "first_business",
    ],
    "due": ["loan_maturing", "account_maturing", "card_expiring", "instalment_due", "card_payment_due"],
    "overdue_risk": [
        "interest_arrears", "loan_overdue", "card_overdue", "class_downgrade", "group_member_risk",
    ],
    "status_warning": ["tier_upgrade", "tier_regained", "tier_attention", "tier_lost", "tier_downgrade"],
    "care": ["birthday", "festival"],
}  # fmt: skip
CLASS = {code: name for name, codes in CLASSES.items() for code in codes}
SUBJECTS = {
    "transaction": ["large_inflow", "large_outflow", "borrower_outflow", "large_card_spend"],
    "account": ["account_closed", "account_maturing"],
    "loan": ["loan_maturing", "instalment_due", "interest_arrears", "loan_overdue", "class_downgrade"],
    "card": ["card_expiring", "card_payment_due", "card_overdue"],
}
SUBJECT = {code: name for name, codes in SUBJECTS.items() for code in codes}
GROUPS = {"core": "private", "growth": "private", "platinum": "premium", "gold": "premium"}


def frames(told: Told, tiers: Iterable[Row], events: Iterable[Row]) -> dict[tuple[int], dict[str, Any]]:
    """Columns of ``fct_event`` by entry."""
    held = {(row["customer_id"], row["month_start_date"]): row["tier_code"] for row in tiers}
    with RULES.open(encoding="utf-8") as file:
        rules = list(csv.DictReader(file))
    belongs: dict[date, tuple[dict[str, str], dict[str, str]]] = {}
    found = {}
    for row in events:
        night, customer, code = row["business_date"], row["customer_id"], row["event_code"]
        if night not in belongs:
            belongs[night] = owning_orgs(told, night), managers(told, night, night)
        is_company = told.by_key("customer", night)[customer]["customer_type"] == "C"
        tier = held.get((customer, add_months(month_start(night), -1)))
        group = "corporate" if is_company else GROUPS.get(tier or "", "mass")
        fitting = [
            rule for rule in rules
            if rule["event_code"] == code and rule["customer_group_code"] == group
        ]  # fmt: skip
        orgs, mine = belongs[night]
        found[row["entry_id"],] = {
            "reminder_class_code": CLASS[code],
            "subject_type_code": SUBJECT.get(code, "customer"),
            "customer_group_code": group,
            "priority": int(fitting[0]["priority"]) if len(fitting) == 1 else row["priority"],
            "owning_org_id": orgs[customer],
            "employee_id": mine.get(customer),
        }
    return found
