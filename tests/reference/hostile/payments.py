"""Payments with counterparties and prospects (chapter 7), from the extracts."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.told import Row, Told, rounded
from tests.support.timeline import add_months, month_end, month_start

Key = tuple[str, str, date]


def counted(told: Told, table: str, column: str) -> list[tuple[date, date, Row]]:
    """Events with the month in which they count and the night or month end that counts them.

    Of a month that is over the first batch after it tells what happened in it; what comes later counts in the
    month of the night that brings it. What the first batch tells counts in its own months.
    """
    found = []
    for place, night in enumerate(told.nights):
        for row in night.events[table]:
            own = month_start(row[column])
            if place == 0:
                found.append((own, night.day, row))
                continue
            last = told.nights[place - 1].day
            if own < month_start(night.day) and own == month_start(last):
                found.append((own, month_end(last), row))
            else:
                found.append((month_start(night.day), night.day, row))
    return found


def counterparty(row: Row) -> str | None:
    """The other side: a customer of the bank, else an account of a bank."""
    if row["counter_customer_id"]:
        return f"customer|{row['counter_customer_id']}"
    if row["counter_account"]:
        return f"account|{row['counter_account']}|{row['counter_bank_code'] or ''}"
    return None


def flows(told: Told) -> dict[Key, dict[str, Any]]:
    """Rows of ``fct_counterparty_flow_monthly`` by customer, counterparty and month."""
    found: dict[Key, dict[str, Any]] = {}
    originals = {row["txn_id"]: row for row in told.brought("transaction")}
    for month, known, row in counted(told, "transaction", "txn_date"):
        original = originals.get(row["reversed_txn_id"]) or row
        other = counterparty(original)
        if other is None or month < month_start(told.nights[0].day):
            continue
        accounts = told.by_key("account", known)
        if row["account_id"] not in accounts:
            # of an account that the month did not know the next one counts
            known = next(night.day for night in told.nights if night.day > known)
            month, accounts = month_start(known), told.by_key("account", known)
        holders = told.by_key("customer", known)
        amount = Fraction(row["amount"]) * told.mid_rate(row["currency"], known)
        sign = -1 if row["reversed_txn_id"] else 1
        way = original["direction"]
        owners = told.shares(accounts[row["account_id"]], known)
        if other.removeprefix("customer|") in owners:
            # between owners of one account: their own transfer
            continue
        for own, share in owners.items():
            if holders[own]["customer_type"] != "C":
                continue
            sums = found.setdefault((own, other, month), {
                "in_amt": Decimal(0), "out_amt": Decimal(0), "in_cnt": 0, "out_cnt": 0,
                "salary_out_amt": Decimal(0), "counter_bank_code": None, "counter_bank_name": None,
            })  # fmt: skip
            if other.startswith("account|"):
                # of several spellings the last in order
                for name in ("counter_bank_code", "counter_bank_name"):
                    sums[name] = max((sums[name], original[name]), key=lambda one: one or "")
            sums[f"{way}_amt"] += sign * rounded(amount * share)
            sums[f"{way}_cnt"] += sign
            if way == "out" and original["txn_type"] == "salary":
                sums["salary_out_amt"] += sign * rounded(amount * share)
    return found


FULL_AMOUNT, FULL_PARTNERS, THIN = 10_000_000, 5, Fraction("0.8")
WEIGHTS = {
    "amount": Fraction("0.4"),
    "months": Fraction("0.3"),
    "partners": Fraction("0.2"),
    "trend": Fraction("0.1"),
}


def trend(amounts: dict[date, Decimal], month: date) -> str:
    """What was paid in the last six months against the six before."""
    last = sum((amounts.get(add_months(month, -n), Decimal(0)) for n in range(6)), Decimal(0))
    before = sum((amounts.get(add_months(month, -n), Decimal(0)) for n in range(6, 12)), Decimal(0))
    return "rising" if last > before else "falling" if last < before else "steady"


def prospects(rows: list[Row], month: date) -> dict[str, dict[str, Any]]:
    """Columns of ``rpt_prospect`` of counterparties outside, from the flows as published."""
    found = {}
    year = [
        row
        for row in rows
        if add_months(month, -12) < row["month_start_date"] <= month and not row["is_inside"]
    ]
    for key in {row["counterparty_key"] for row in year}:
        of = [row for row in year if row["counterparty_key"] == key]
        paid: dict[date, Decimal] = defaultdict(Decimal)
        partners: dict[str, Decimal] = defaultdict(Decimal)
        between: dict[str, Decimal] = defaultdict(Decimal)
        for row in of:
            paid[row["month_start_date"]] += row["in_amt"]
            partners[row["customer_id"]] += row["in_amt"]
            between[row["customer_id"]] += row["in_amt"] + row["out_amt"]
        if not any(amount > 0 for amount in partners.values()):
            continue
        best = sorted(between, key=lambda customer: (-between[customer], customer))
        found[key] = {
            "in_amt": sum(paid.values(), Decimal(0)),
            "out_amt": sum((row["out_amt"] for row in of), Decimal(0)),
            "active_months": len({row["month_start_date"] for row in of if row["in_amt"] > 0}),
            "partner_cnt": sum(amount > 0 for amount in partners.values()),
            "partner_1_customer_id": best[0],
            "trend_code": trend(paid, month),
            "counter_bank_name": max((row["counter_bank_name"] or "" for row in of), default="") or None,
            "rule_version": "prospect-1",
        }
    return found
