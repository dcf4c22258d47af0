"""Groups and peers of corporate customers (chapter 7), from the extracts and the customers' own tables."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.holdings import parts
from tests.reference.hostile.products import loans_on, owed_by_customer
from tests.reference.hostile.told import Row, Told, rate, rounded

CLASSES = ["normal", "special_mention", "substandard", "doubtful", "loss"]
ENOUGH = 10


def tops(told: Told, day: date) -> dict[str, str]:
    """The ultimate parent of everybody in a group on a day."""
    return {customer: way[-1] for customer, way in ways_up(told, day).items()}


def ways_up(told: Told, day: date) -> dict[str, list[str]]:
    """Everybody in a group with all parents up to the last; a circle is cut at its smallest number."""
    stated: dict[str, list[tuple[Decimal, str]]] = defaultdict(list)
    for row in told.rows("customer_relation", day):
        is_valid = row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
        if row["relation_type"] == "group_parent" and is_valid:
            stated[row["customer_id"]].append((-(row["share"] or Decimal(0)), row["related_id"]))
    parents = {customer: min(found)[1] for customer, found in stated.items()}
    heads = set()
    for start in parents:
        way = [start]
        while way[-1] in parents and parents[way[-1]] not in way:
            way.append(parents[way[-1]])
        if way[-1] in parents:
            heads.add(min(way[way.index(parents[way[-1]]) :]))
    for head in heads:
        del parents[head]
    found = {}
    for customer in parents.keys() | set(parents.values()) | heads:
        up = [customer]
        while up[-1] in parents:
            up.append(parents[up[-1]])
        found[customer] = up
    return found


def members(told: Told) -> dict[tuple[str], dict[str, Any]]:
    """Rows of ``fct_group_member`` that hold on the last night, by customer who is not closed."""
    day = told.last
    closed = {row["customer_id"] for row in told.rows("customer", day) if row["status"] == "closed"}
    return {
        (customer,): {
            "ultimate_parent_customer_id": way[-1],
            "parent_customer_id": way[1] if len(way) > 1 else None,
            "depth": len(way) - 1,
        }
        for customer, way in ways_up(told, day).items()
        if customer not in closed
    }


def group_months(told: Told, flows: Sequence[Row]) -> dict[tuple[str, date], dict[str, Any]]:
    """Rows of ``fct_group_monthly`` by ultimate parent and month; payments from the flows as published."""
    found = {}
    for month, day in told.months():
        status = {row["customer_id"]: row["status"] for row in told.rows("customer", day)}
        groups: dict[str, set[str]] = defaultdict(set)
        for customer, top in tops(told, day).items():
            if status.get(customer) == "active":
                groups[top].add(customer)
        deposits: dict[str, Fraction] = defaultdict(Fraction)
        for customer, _, kind, _, _, amount in parts(told, day):
            if kind == "deposit":
                deposits[customer] += amount
        of_loan = told.by_key("loan", day)
        owed = owed_by_customer(told, day)
        worst: dict[str, list[str]] = defaultdict(list)
        for number, one in loans_on(told, day).items():
            if one[4] > 0:
                worst[of_loan[number]["customer_id"]].append(one[2])
        for top, members in groups.items():
            inside = [
                row for row in flows
                if row["month_start_date"] == month and row["customer_id"] in members
                and row["counterparty_customer_id"] in members
            ]  # fmt: skip
            classes = [code for one in members for code in worst[one]]
            found[top, month] = {
                "member_cnt": len(members),
                "deposit_end_amt": sum((rounded(deposits[one]) for one in members), Decimal(0)),
                "loan_amt": sum((rounded(owed[one]) for one in members), Decimal(0)),
                "worst_five_class_code": max(classes, key=CLASSES.index, default=None),
                "inside_payment_amt": sum((row["out_amt"] for row in inside), Decimal(0)),
                "inside_payment_cnt": sum(row["out_cnt"] for row in inside),
            }
    return found


MEASURES = {
    "contribution": "contribution_amt",
    "deposit": "deposit_month_avg_amt",
    "line": "line_cnt",
}


def peers(rows: Sequence[Row]) -> dict[tuple[str, date], dict[str, Any]]:
    """Rows of ``rpt_peer_comparison_monthly``: among industry and size, else industry, else all."""
    found = {}
    for row in rows:
        same = [one for one in rows if one["month_start_date"] == row["month_start_date"]]
        industry = [
            one for one in same if one["industry_code"] == row["industry_code"] and row["industry_code"]
        ]
        size = [one for one in industry if one["size_band_code"] == row["size_band_code"]]
        basis, group = next(
            (name, of) for name, of in (("industry_size", size), ("industry", industry), ("all", same))
            if len(of) >= ENOUGH or name == "all"
        )  # fmt: skip
        told: dict[str, Any] = {"peer_basis_code": basis, "peer_cnt": len(group)}
        for name, column in MEASURES.items():
            values = sorted(Decimal(one[column]) for one in group if one[column] is not None)
            own = row[column]
            if own is None or not values:
                continue
            half = len(values) // 2
            middle = (
                values[half] if len(values) % 2 else (Fraction(values[half - 1]) + Fraction(values[half])) / 2
            )
            told |= {
                f"{name}_percentile": rate(sum(value < own for value in values), len(values) - 1),
                f"{name}_value": rounded(Decimal(own)),
                f"{name}_median": rounded(middle),
                f"{name}_gap": rounded(Decimal(own)) - rounded(middle),
            }
        found[row["customer_id"], row["month_start_date"]] = told
    return found
