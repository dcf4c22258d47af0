"""Segments of corporate customers, supply chains, policies and guarantees (chapter 7), from the extracts.

Payments and contribution are read as published: they have references of their own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.cohorts import lines_on
from tests.reference.hostile.groups import tops
from tests.reference.hostile.of_year import of_year
from tests.reference.hostile.pipeline import counted_dates
from tests.reference.hostile.products import loans_on, owed_by_customer
from tests.reference.hostile.segments import band
from tests.reference.hostile.told import Row, Told, rate, rounded
from tests.reference.segments import lifecycle
from tests.support.timeline import add_months, month_start

Key = tuple[str, date]


def segments(
    told: Told, flows: Sequence[Row], contributions: Iterable[Row], assets: Iterable[Row]
) -> dict[Key, dict[str, Any]]:
    """Columns of ``fct_corporate_segment_monthly`` by customer and month."""
    contributions = list(contributions)
    earned = {(row["customer_id"], row["month_start_date"]): row for row in contributions}
    years = of_year(contributions)
    held = {(row["customer_id"], row["month_start_date"]): row for row in assets}
    found = {}
    for month, day in told.months():
        lines = lines_on(told, day)
        exact = owed_by_customer(told, day)
        owed = defaultdict(Decimal, {customer: rounded(amount) for customer, amount in exact.items()})
        for row in told.rows("customer", day):
            customer = row["customer_id"]
            if row["customer_type"] != "C" or row["status"] == "closed":
                continue
            year = [
                flow
                for flow in flows
                if flow["customer_id"] == customer
                and add_months(month, -11) <= flow["month_start_date"] <= month
            ]
            half = [flow for flow in year if flow["month_start_date"] >= add_months(month, -5)]
            count, late = (sum((one["in_cnt"] + one["out_cnt"] for one in some), 0) for some in (year, half))
            settled = sum((one["in_amt"] + one["out_amt"] for one in year), Decimal(0))
            outside = sum(
                (one["in_amt"] + one["out_amt"] for one in year if not one["is_inside"]), Decimal(0)
            )
            deposits = held[customer, month]["deposit_month_avg_amt"]
            # who has nothing has no contribution yet
            worth = earned.get((customer, month), {})
            year_worth = years.get((customer, month))
            average = year_worth.average if year_worth else None
            value = band(average or Decimal(0), (1000, "low"), (10_000, "medium"), last="high")
            potential = band(outside, (1_000_000, "low"), (10_000_000, "medium"), last="high")
            found[customer, month] = {
                "industry_code": row["industry_code"],
                "size_band_code": band(
                    deposits + owed[customer], (1_000_000, "micro"), (10_000_000, "small"),
                    (100_000_000, "medium"), last="large",
                ),
                "lifecycle_code": lifecycle(row["first_open_date"], day),
                "activity_code": "sleeping" if count <= 0
                else "high" if late >= 30
                else "medium" if late >= 6
                else "low" if late > 0
                else "none",
                "value_code": value,
                "potential_code": potential,
                "value_potential_code": f"{value}_{potential}",
                "contribution_avg_12m_amt": average or Decimal(0),
                "deposit_end_amt": held[customer, month]["deposit_end_amt"],
                "deposit_month_avg_amt": deposits,
                "loan_amt": owed[customer],
                "contribution_amt": worth.get("contribution_amt", Decimal(0)),
                "line_cnt": len(lines[customer]),
                "settlement_12m_amt": settled,
                "outside_12m_amt": outside,
                "payment_12m_cnt": count,
                "payment_6m_cnt": late,
            }  # fmt: skip
    return found


def links(told: Told, flows: Sequence[Row]) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Rows of ``fct_supply_chain_link_monthly`` by payer, payee and month."""
    found: dict[tuple[str, str, date], dict[str, Any]] = {}
    for month, day in told.months():
        types = {row["customer_id"]: row["customer_type"] for row in told.rows("customer", day)}
        declared: dict[tuple[str, str], list[Decimal | None]] = defaultdict(list)
        for row in told.rows("customer_relation", day):
            if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"]):
                # a supplier is paid by whom it supplies
                if row["relation_type"] == "supplier":
                    declared[row["customer_id"], row["related_id"]].append(row["share"])
                elif row["relation_type"] == "buyer":
                    declared[row["related_id"], row["customer_id"]].append(row["share"])
        year = [row for row in flows if add_months(month, -11) <= row["month_start_date"] <= month]
        paid: dict[tuple[str, str], dict[date, list[Any]]] = defaultdict(dict)
        out: dict[str, Decimal] = defaultdict(Decimal)
        came: dict[str, Decimal] = defaultdict(Decimal)
        for row in year:
            out[row["customer_id"]] += row["out_amt"]
            came[row["customer_id"]] += row["in_amt"]
            other = row["counterparty_customer_id"]
            if other and (row["out_amt"] or row["out_cnt"]):
                paid[row["customer_id"], other][row["month_start_date"]] = [row["out_amt"], row["out_cnt"]]
        for pair in paid.keys() | declared.keys():
            months = {when: one for when, one in paid[pair].items() if one[0] > 0}
            whole = sum((one[0] for one in paid[pair].values()), Decimal(0))
            payer, payee = pair
            is_inferred = (
                len(months) >= 3
                and out[payer] > 0
                and Fraction(whole) * 10 >= Fraction(out[payer])
                and types.get(payer) == types.get(payee) == "C"
            )
            if not is_inferred and pair not in declared:
                continue
            now = paid[pair].get(month, [Decimal(0), 0])
            shares = [share for share in declared.get(pair, []) if share is not None]
            found[payer, payee, month] = {
                "link_code": "inferred" if pair not in declared else "both" if is_inferred else "declared",
                "declared_share": max(shares, default=None),
                "rule_version": "supply-1",
                "is_declared": pair in declared,
                "is_inferred": is_inferred,
                "month_paid_amt": now[0],
                "month_paid_cnt": now[1],
                "paid_amt": whole,
                "paid_cnt": sum(one[1] for one in paid[pair].values()),
                "payment_months": len(months),
                "payer_out_share": rate(whole, out[payer]) if out[payer] > 0 else None,
                "payee_in_share": rate(whole, came[payee]) if types.get(payee) == "C" else None,
            }
    return found


def guarantees(told: Told) -> dict[Key, dict[str, Any]]:
    """Guarantees among members of ``fct_group_monthly``, by ultimate parent and month."""
    found = {}
    for month, day in told.months():
        active = {row["customer_id"] for row in told.rows("customer", day) if row["status"] != "closed"}
        top = {one: head for one, head in tops(told, day).items() if one in active}
        of_loan = told.by_key("loan", day)
        exact: dict[str, Fraction] = defaultdict(Fraction)
        for number, one in loans_on(told, day).items():
            loan = of_loan[number]
            exact[loan["customer_id"]] += Fraction(one[5]["balance"]) * told.mid_rate(loan["currency"], day)
        owed = {customer: rounded(amount) for customer, amount in exact.items()}
        among = [
            (row["customer_id"], row["related_id"])
            for row in told.rows("customer_relation", day)
            if row["relation_type"] == "guarantor"
            and row["valid_from"] <= day
            and (row["valid_to"] is None or day < row["valid_to"])
            and top.get(row["customer_id"])
            and top.get(row["customer_id"]) == top.get(row["related_id"])
        ]
        for head in set(top.values()):
            pairs = [pair for pair in among if top[pair[0]] == head]
            found[head, month] = {
                "guarantee_cnt": len(pairs),
                # for whom another of the group answers, once
                "guaranteed_loan_amt": sum(
                    (owed.get(one, Decimal(0)) for one in {pair[0] for pair in pairs}), Decimal(0)
                ),
            }
    return found


def policies(
    told: Told, rows: Iterable[Row], orgs: dict[Key, str]
) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Visits and opportunities asked for by policies, by policy, org and month, of the quarter so far.

    Args:
        rows: Segments as published.
        orgs: Owning org by customer and month.
    """
    rules = [
        ("visit_high_value", "value_code", "high", "visit", 1),
        ("visit_large", "size_band_code", "large", "visit", 3),
        ("offer_high_potential", "potential_code", "high", "opportunity", 1),
    ]
    done: dict[str, list[tuple[str, date]]] = {
        "visit": [
            (row["customer_id"], counted) for _, counted, row in counted_dates(told, "visit", "visited_at")
        ]
    }
    opened: dict[str, tuple[str, date]] = {}
    for _, counted, row in sorted(
        counted_dates(told, "opportunity", "changed_at"), key=lambda one: one[2]["changed_at"]
    ):
        opened.setdefault(row["opportunity_id"], (row["customer_id"], counted))
    done["opportunity"] = list(opened.values())
    found: dict[tuple[str, str, date], dict[str, Any]] = {}
    for row in rows:
        month = row["month_start_date"]
        quarter = date(month.year, (month.month - 1) // 3 * 3 + 1, 1)
        for policy, column, segment, action, quota in rules:
            if row[column] != segment:
                continue
            count = sum(
                customer == row["customer_id"] and quarter <= month_start(when) <= month
                for customer, when in done[action]
            )
            of = found.setdefault(
                (policy, orgs[row["customer_id"], month], month),
                {"quota_cnt": quota, "customer_cnt": 0, "action_cnt": 0, "met_customer_cnt": 0},
            )
            of["customer_cnt"] += 1
            of["action_cnt"] += count
            of["met_customer_cnt"] += count >= quota
    for of in found.values():
        of["execution_rate"] = rate(of["met_customer_cnt"], of["customer_cnt"])
    return found
