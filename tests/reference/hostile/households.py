"""Households (6.2), from the extracts and what other tables say of their members."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from tests.reference.hostile.holdings import parts
from tests.reference.hostile.told import Told, rounded

KINDS = ("household", "spouse")


def households_on(told: Told, day: date) -> dict[tuple[str, str], set[str]]:
    """Members of every household of a day, by source and name: the smallest number for those of relations."""
    persons = {
        row["customer_id"]: row
        for row in told.rows("customer", day)
        if row["customer_type"] == "P" and row["status"] != "closed"
    }
    near: dict[str, set[str]] = defaultdict(set)
    for row in told.rows("customer_relation", day):
        is_valid = row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
        # who has left the bank joins nobody to anybody
        is_both = row["customer_id"] in persons and row["related_id"] in persons
        if row["relation_type"] in KINDS and is_valid and is_both:
            near[row["customer_id"]].add(row["related_id"])
            near[row["related_id"]].add(row["customer_id"])
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for customer, row in persons.items():
        if customer in near:
            reached, waiting = {customer}, [customer]
            while waiting:
                for other in near[waiting.pop()] - reached:
                    reached.add(other)
                    waiting.append(other)
            found["relation", min(reached)].add(customer)
        elif row["household_id"]:
            found["delivered", row["household_id"]].add(customer)
    return found


def household_figures(told: Told) -> dict[tuple[date, str, tuple[str, ...]], dict[str, Any]]:
    """Members, assets and debts of households by month, source and members."""
    found = {}
    for month, day in told.months():
        assets: dict[str, Decimal] = defaultdict(Decimal)
        debts: dict[str, Decimal] = defaultdict(Decimal)
        for customer, _, kind, _, _, amount in parts(told, day):
            if kind in ("deposit", "investment"):
                assets[customer] += rounded(amount)
            elif kind == "loan":
                debts[customer] += rounded(amount)
        for (source, _), members in households_on(told, day).items():
            found[month, source, tuple(sorted(members))] = {
                "member_cnt": len(members),
                "total_assets_amt": sum((assets[one] for one in members), Decimal(0)),
                "loan_amt": sum((debts[one] for one in members), Decimal(0)),
            }
    return found
