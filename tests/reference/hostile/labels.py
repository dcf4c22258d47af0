"""Labels of personal customers (6.3), from the extracts."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.holdings import parts
from tests.reference.hostile.payments import counted
from tests.reference.hostile.told import Told, rounded
from tests.support.timeline import add_months, month_start

Key = tuple[str, str, date]
LARGE, SOON = 50_000, timedelta(30)


def labels(told: Told) -> dict[Key, dict[str, Any]]:
    """Rows of ``fct_customer_label`` for payroll, large maturities, and who has a loan or a deposit alone."""
    found: dict[Key, dict[str, Any]] = {}
    for month, day in told.months():
        persons = {
            row["customer_id"]
            for row in told.rows("customer", day)
            if row["customer_type"] == "P" and row["status"] == "active"
        }
        due: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for customer, _, kind, _, account, amount in parts(told, day):
            sums[customer, kind] += rounded(amount)
            until = account.get("maturity_date")
            if kind in ("deposit", "investment") and until and day <= until <= day + SOON:
                due[customer].append((until, rounded(amount)))
        for customer in persons:
            whole = sum((amount for _, amount in due[customer]), Decimal(0))
            if whole >= LARGE:
                found[customer, "large_maturing", month] = {
                    "evidence_date": min(until for until, _ in due[customer]),
                    "evidence_amt": whole,
                }
            loan, deposit = (sums[customer, kind] for kind in ("loan", "deposit"))
            if loan > 0 and not deposit:
                found[customer, "loan_without_deposit", month] = {"evidence_date": day, "evidence_amt": loan}
            if deposit > 0 and not loan:
                found[customer, "deposit_without_loan", month] = {
                    "evidence_date": day,
                    "evidence_amt": deposit,
                }
        for customer, salaries in paid(told, day).items():
            if customer in persons and len({month_start(when) for when, _ in salaries}) >= 3:
                found[customer, "payroll", month] = {
                    "evidence_date": max(when for when, _ in salaries),
                    "evidence_amt": sum((amount for _, amount in salaries), Decimal(0)),
                }
    return found


def paid(told: Told, day: date) -> dict[str, list[tuple[date, Decimal]]]:
    """Salaries of four calendar months that were not taken back, by customer."""
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    accounts = told.by_key("account", day)
    known = [(on, row) for _, on, row in counted(told, "transaction", "txn_date") if on <= day]
    gone = {row["reversed_txn_id"] for _, row in known}
    for on, row in known:
        is_salary = row["txn_type"] == "salary" and row["direction"] == "in" and not row["reversed_txn_id"]
        is_counted = is_salary and row["txn_id"] not in gone and row["account_id"] in accounts
        if is_counted and add_months(month_start(day), -3) <= row["txn_date"] <= day:
            value = Fraction(row["amount"]) * told.mid_rate(row["currency"], on)
            for customer, share in told.shares(accounts[row["account_id"]], day).items():
                found[customer].append((row["txn_date"], rounded(value * share)))
    return found
