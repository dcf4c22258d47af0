"""Rate concessions (6.4), day by day from the extracts."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from tests.reference.hostile.holdings import is_open
from tests.reference.hostile.told import Row, Told, rate, rounded
from tests.support.timeline import days

Key = tuple[str, str, date]
ListRates = Sequence[tuple[str, date, date | None, Fraction]]
"""Product, first month, month after the last, rate."""


def listed(rates: ListRates, product: str, month: date) -> Fraction | None:
    """List rate of a product in a month."""
    found = [one for one in rates if one[0] == product and one[1] <= month and (not one[2] or month < one[2])]
    return found[0][3] if found else None


def concessions(told: Told, rates: ListRates) -> dict[Key, dict[str, Any]]:
    """Balance, customers' rate and what the difference to the list rate costs, by org, product and month.

    Interest is summed by the day without rounding; what is overdrawn takes off, and an account that comes to
    nothing over the month is left out.
    """
    sums: dict[Key, dict[str, dict[str, Any]]] = {}
    first = told.nights[0].day
    for month, last in told.months():
        for day in days(max(month, first), last):
            for account, org, product, balance, interest_rate, day_count, sign in priced(told, day, last):
                accounts = sums.setdefault((org, product, month), {})
                of = accounts.setdefault(account, defaultdict(Fraction))
                of["balance_sum"] += balance
                of["weighted"] += balance * interest_rate
                of["interest"] += balance * interest_rate / day_count
                standard = listed(rates, product, month)
                of["listed"] += balance * (standard or 0) / day_count
                of["sign"] = Fraction(sign)
    found = {}
    for (org, product, month), accounts in sums.items():
        counted = [one for one in accounts.values() if one["balance_sum"] > 0]
        if not counted:
            continue
        of = {
            name: sum((one[name] for one in counted), Fraction(0))
            for name in ("balance_sum", "weighted", "interest", "listed")
        }
        last = next(day for of_month, day in told.months() if of_month == month)
        # from the first day that is recorded
        count = (last - max(month, first)).days + 1
        standard = listed(rates, product, month)
        found[org, product, month] = {
            "account_cnt": len(counted),
            "average_balance_amt": rounded(of["balance_sum"] / count),
            "customer_rate": rate(of["weighted"], of["balance_sum"]),
            "list_rate": None if standard is None else rounded(standard, 6),
            "customer_interest_amt": rounded(of["interest"]),
            "list_interest_amt": None if standard is None else rounded(of["listed"]),
            "concession_amt": None if standard is None
            else rounded((of["interest"] - of["listed"]) * counted[0]["sign"]),
        }  # fmt: skip
    return found


def priced(told: Told, day: date, last: date) -> list[tuple[str, str, str, Fraction, Fraction, int, int]]:
    """Deposits and loans of a day: id, org, product, balance in CNY, rate, day count, 1 for deposits."""
    night = told.night(day)
    if day == last:
        night = told.night(last)
    accounts = {key[0]: row for key, row in night.tables["account"].items()}
    products = {key[0]: row for key, row in night.tables["product"].items()}
    closings = {key[0]: row for key, row in told.night(last).tables["account"].items()}
    found = []
    for row in night.tables["deposit_balance"].values():
        account = accounts[row["account_id"]]
        # a closing is told by the next batch, and counts from its own day
        known = closings.get(row["account_id"], account)
        if not is_open(account, day) or not is_held(known, day):
            continue
        own = row["interest_rate"] if row.get("interest_rate") is not None else account["interest_rate"]
        value = Fraction(row["balance"]) * told.mid_rate(account["currency"], day)
        found.append(
            (row["account_id"], account["org_id"], account["product_code"], value, Fraction(own or 0),
             products[account["product_code"]]["day_count"], 1)
        )  # fmt: skip
    loans = {key[0]: row for key, row in night.tables["loan"].items()}
    for row in night.tables["loan_balance"].values():
        loan: Row = loans[row["loan_id"]]
        value = Fraction(row["balance"]) * told.mid_rate(loan["currency"], day)
        found.append(
            (row["loan_id"], loan["org_id"], loan["product_code"], value, Fraction(loan["interest_rate"]),
             products[loan["product_code"]]["day_count"], -1)
        )  # fmt: skip
    return found


def is_held(account: Row, day: date) -> bool:
    """Whether a day is before the account's closing."""
    return not account["close_date"] or day < account["close_date"]
