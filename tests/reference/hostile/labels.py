"""Labels of personal customers (6.3), from the extracts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.reference.hostile.holdings import parts
from tests.reference.hostile.payments import counted
from tests.reference.hostile.told import Row, Told, rounded
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


LEFT, LEFT_SHARE = 50_000, Fraction(1, 2)
RISING_SHARE = Fraction(1, 5)
LINES = {"potential": 50_000, "gold": 200_000, "platinum": 500_000, "growth": 5_000_000, "core": 10_000_000}


def rising(told: Told, assets: Iterable[Row], reasons: Iterable[Row]) -> dict[Key, dict[str, Any]]:
    """Labels ``rising_to_next_tier``: averages rose three times running, a fifth of the line is missing.

    Args:
        reasons: Rows of ``fct_tier_reason``, for the next tier and what is missing to it.
    """
    average = {
        (row["customer_id"], row["month_start_date"]): row["aum_month_avg_amt"]
        for row in assets
        if not row["is_partial_month"]
    }
    found: dict[Key, dict[str, Any]] = {}
    lived = dict(told.months())
    for row in reasons:
        month, customer = row["month_start_date"], row["customer_id"]
        if month not in lived or row["next_tier_missing_amt"] is None:
            continue
        four = [average.get((customer, add_months(month, -n))) for n in (3, 2, 1, 0)]
        rose = all(a is not None and b is not None and a < b for a, b in pairwise(four))
        missing = Fraction(row["next_tier_missing_amt"])
        if rose and 0 < missing <= RISING_SHARE * LINES[row["next_tier_code"]]:
            found[customer, "rising_to_next_tier", month] = {
                "evidence_date": lived[month],
                "evidence_amt": row["next_tier_missing_amt"],
            }
    return found


def leaving(
    told: Told, assets: Iterable[Row], out: Mapping[date, Mapping[tuple[str, str], Decimal]]
) -> dict[Key, dict[str, Any]]:
    """Labels ``money_leaving``: half of the average AUM, 50,000 at least, went to other banks.

    Args:
        out: Payments from and to other banks of three months, by month, customer and direction.
    """
    lived = dict(told.months())
    found: dict[Key, dict[str, Any]] = {}
    for row in assets:
        month, customer = row["month_start_date"], row["customer_id"]
        if month not in lived:
            continue
        average = row["aum_avg_6m_amt"] if row["aum_avg_6m_amt"] is not None else row["aum_month_avg_amt"]
        went = out[month].get((customer, "out"), Decimal(0))
        if went >= LEFT and Fraction(went) >= LEFT_SHARE * Fraction(average):
            found[customer, "money_leaving", month] = {"evidence_date": lived[month], "evidence_amt": went}
    return found
