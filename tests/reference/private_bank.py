"""The private-banking reports (C-084 to C-095) recomputed from the published customer-level tables."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.reference.reports import FROM, Customers, Report, Row, add_months, seed, share

CLASSES = {"core": "private", "growth": "growth_private"}
TIERS = {class_code: tier for tier, class_code in CLASSES.items()}


@dataclass(frozen=True)
class Member:
    """A customer who is in a class in a month or was the month before."""

    customer: str
    month: date
    class_code: str
    before: Row | None
    now: Row | None
    entry: str | None
    exit: str | None

    @property
    def is_member(self) -> bool:
        """In the class this month."""
        return class_of(self.now) == self.class_code

    @property
    def was_member(self) -> bool:
        """In the class the month before."""
        return class_of(self.before) == self.class_code

    @property
    def aum(self) -> Decimal:
        """AUM judged this month."""
        return self.now["assessment_aum_amt"] if self.now else Decimal(0)

    @property
    def aum_before(self) -> Decimal:
        """AUM judged the month before."""
        return self.before["assessment_aum_amt"] if self.before else Decimal(0)


def class_of(row: Row | None) -> str | None:
    """The private-banking class of a tier row; who has closed is in none."""
    return CLASSES.get(row["tier_code"]) if row and not row["is_closed"] else None


def members(customers: Customers) -> list[Member]:
    """Every member of every class and month."""
    happened = {
        (row["customer_id"], row["month_start_date"], row["event_code"], tier)
        for row in customers.events
        for tier in [row["from_tier_code"] if row["event_code"] == "lost" else row["to_tier_code"]]
    }
    begun = {
        (row["customer_id"], row["month_start_date"])
        for row in customers.events
        if row["cause_code"] == "first_recorded" and row["event_code"] in ("new", "upgrade")
    }
    found = []
    for month in customers.months:
        for customer, before, now in customers.pairs(month):
            for class_code in {class_of(before), class_of(now)} - {None}:
                assert class_code is not None
                tier = TIERS[class_code]
                entry = exit_ = None
                if class_of(before) != class_code:
                    if (
                        month == customers.months[0]
                        or (customer, month) in begun
                        or (now is not None and _only_begun(customers, month, now, tier))
                    ):
                        entry = "first_recorded"
                    elif before is None:
                        entry = "new_customer"
                    elif before["is_closed"] or (customer, month, "regained", tier) in happened:
                        entry = "regained"
                    else:
                        entry = "other_class" if class_of(before) else "risen"
                if class_of(now) != class_code:
                    if now is None or now["is_closed"]:
                        exit_ = "closed"
                    elif (customer, month, "lost", tier) in happened:
                        exit_ = "lost"
                    else:
                        exit_ = "other_class" if class_of(now) else "fallen"
                found.append(Member(customer, month, class_code, before, now, entry, exit_))
    return found


def _only_begun(customers: Customers, month: date, now: Row, tier: str) -> bool:
    """Whether nothing gives the tier but factors by which the month before was not judged."""
    before = customers.judged.get(add_months(month, -1), set())
    if now["deciding_factor_code"] in before:
        return False
    amounts = {
        "card_spend": now["card_spend_12m_amt"],
        "mortgage": now["mortgage_balance_amt"],
        "credit_loan": now["credit_loan_balance_amt"],
        "card_grade": Decimal(now["has_diamond_card"]),
    }
    return not any(
        rule["factor_code"] in before and amounts[rule["factor_code"]] >= Decimal(rule["threshold_amt"] or 1)
        for rule in seed("tier_factor_rules")
        if rule["rulebook_version"] == now["rulebook_version"] and rule["tier_code"] == tier
    )


def _grouped(
    rows: Iterable[Member], key: Callable[[Member], tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[Member]]:
    groups: dict[tuple[Any, ...], list[Member]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _at_the_end(member: Member) -> tuple[Any, ...]:
    assert member.now is not None
    return member.month, member.now["owning_org_id"], member.class_code


def _at_the_opening(member: Member) -> tuple[Any, ...]:
    assert member.before is not None
    return member.month, member.before["owning_org_id"], member.class_code


def stock_detail(all_members: list[Member]) -> Report:
    """C-094."""
    return {
        (member.month, member.customer, member.class_code): {
            "org_id": member.now["owning_org_id"],
            "tier_code": member.now["tier_code"],
            "status_code": member.now["status_code"],
            "below_months": member.now["below_months"],
            "aum_amt": member.aum,
            "previous_aum_amt": member.aum_before,
            "aum_change_amt": member.aum - member.aum_before,
            "threshold_amt": FROM[TIERS[member.class_code]],
        }
        for member in all_members
        if member.now and member.is_member and member.was_member
    }


def new_detail(all_members: list[Member]) -> Report:
    """C-095."""
    return {
        (member.month, member.customer, member.class_code): {
            "org_id": member.now["owning_org_id"],
            "entry_code": member.entry,
            "previous_tier_code": member.before["tier_code"] if member.before else "none",
            "tier_code": member.now["tier_code"],
            "aum_amt": member.aum,
            "previous_aum_amt": member.aum_before if member.before else None,
            "aum_change_amt": member.aum - member.aum_before,
        }
        for member in all_members
        if member.now and member.entry
    }


def new(all_members: list[Member]) -> Report:
    """C-090."""
    ways = ("risen", "other_class", "regained", "new_customer", "first_recorded")
    return {
        key: {
            "new_cnt": len(group),
            "aum_amt": sum(member.aum for member in group),
            "aum_change_amt": sum(member.aum - member.aum_before for member in group),
        }
        | {f"{way}_cnt": sum(member.entry == way for member in group) for way in ways}
        for key, group in _grouped((m for m in all_members if m.entry), _at_the_end).items()
    }


WAYS_OUT = ("lost", "closed", "other_class", "fallen")


def lost(all_members: list[Member]) -> Report:
    """C-091."""
    return {
        key: {
            "left_cnt": len(group),
            "aum_amt": sum(member.aum for member in group),
            "previous_aum_amt": sum(member.aum_before for member in group),
        }
        | {f"{way}_cnt": sum(member.exit == way for member in group) for way in WAYS_OUT}
        for key, group in _grouped((m for m in all_members if m.exit), _at_the_opening).items()
    }


def stock_loss(all_members: list[Member]) -> Report:
    """C-093."""
    report: Report = {}
    for key, group in _grouped((m for m in all_members if m.was_member), _at_the_opening).items():
        left = [member for member in group if member.exit]
        report[key] = {
            "opening_cnt": len(group),
            "loss_rate": share(sum(member.exit in ("lost", "closed") for member in left), len(group)),
            "opening_aum_amt": sum(member.aum_before for member in group),
            "left_opening_aum_amt": sum(member.aum_before for member in left),
            "aum_amt": sum(member.aum for member in group),
        }
        report[key] |= {f"{way}_cnt": sum(member.exit == way for member in left) for way in WAYS_OUT}
        for status in ("normal", "observe", "attention"):
            report[key][f"{status}_cnt"] = sum(
                member.is_member and member.now is not None and member.now["status_code"] == status
                for member in group
            )
    return report


def qualified(all_members: list[Member]) -> Report:
    """C-088."""
    report: Report = {}
    for key, group in _grouped((m for m in all_members if m.is_member), _at_the_end).items():
        reach = [member for member in group if member.aum >= FROM[TIERS[member.class_code]]]
        below = [member for member in group if member not in reach]
        held = [member for member in below if member.now and member.now["held_by_factor_code"]]
        report[key] = {
            "customer_cnt": len(group),
            "qualified_cnt": len(reach),
            "factor_cnt": len(held),
            "window_cnt": len(below) - len(held),
            "qualified_rate": share(len(reach), len(group)),
            "aum_amt": sum(member.aum for member in group),
            "qualified_aum_amt": sum((member.aum for member in reach), Decimal(0)),
        }
    return report


def growth(all_members: list[Member]) -> Report:
    """C-089."""
    report: Report = defaultdict(
        lambda: (
            dict.fromkeys(
                (
                    *("customer_cnt", "by_aum_cnt", "by_other_factor_cnt", "attention_cnt", "new_cnt"),
                    *("first_recorded_cnt", "to_private_cnt", "left_cnt"),
                ),
                0,
            )
            | {"aum_amt": Decimal(0), "missing_to_private_amt": Decimal(0)}
        )
    )
    for member in all_members:
        if member.class_code != "growth_private":
            continue
        if member.is_member and member.now:
            row = report[member.month, member.now["owning_org_id"]]
            by_aum = member.now["deciding_factor_code"] == "aum"
            row["customer_cnt"] += 1
            row["by_aum_cnt" if by_aum else "by_other_factor_cnt"] += 1
            row["attention_cnt"] += member.now["status_code"] == "attention"
            row["new_cnt"] += member.entry is not None
            row["first_recorded_cnt"] += member.entry == "first_recorded"
            row["aum_amt"] += member.aum
            row["missing_to_private_amt"] += max(FROM["core"] - member.aum, Decimal(0))
        elif member.before:
            row = report[member.month, member.before["owning_org_id"]]
            row["to_private_cnt" if class_of(member.now) == "private" else "left_cnt"] += 1
    return dict(report)


def balance_summary(all_members: list[Member], customers: Customers) -> Report:
    """C-085, its assets."""
    report: Report = defaultdict(lambda: {"customer_cnt": 0, "balance_amt": Decimal(0)})
    for member in all_members:
        if not member.is_member:
            continue
        aum = customers.aum[member.customer, member.month]
        for balance_class in ("deposit", "investment"):
            amount = aum[f"{balance_class}_end_amt"]
            if amount:
                row = report[*_at_the_end(member), balance_class]
                row["customer_cnt"] += 1
                row["balance_amt"] += amount
    return dict(report)
