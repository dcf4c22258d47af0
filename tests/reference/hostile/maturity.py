"""What falls due, and what stayed of what fell due (6.4), from the extracts."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.reference.hostile.holdings import parts
from tests.reference.hostile.told import Row, Told, rate, rounded, split

WEEKS = 13
Key = tuple[str, str, date]


def monday(day: date) -> date:
    """Monday of the day's week."""
    return day - timedelta(day.weekday())


def maturity_calendar(told: Told) -> dict[Key, dict[str, Any]]:
    """Rows of ``rpt_maturity_calendar`` by org, line and Monday, as of the last business date."""
    this_week = monday(told.last)
    lines = {code: row["product_line"] for code, row in told.by_key("product", told.last).items()}
    accounts: dict[Key, dict[tuple[str, str], Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    holders: dict[Key, set[str]] = defaultdict(set)
    for customer, product, kind, number, account, amount in parts(told, told.last):
        until = account.get("maturity_date")
        if kind == "card" or not until or not told.last < until < this_week + timedelta(7 * WEEKS):
            continue
        key = (account["org_id"], lines[product], monday(until))
        accounts[key][number, product] += amount
        holders[key].add(customer)
    matured, kept, numbers = fell_due(told)
    found = {}
    for key in accounts.keys() | {key for key in matured if key[2] >= this_week - timedelta(7 * WEEKS)}:
        found[key] = {
            "due_in_days": (key[2] - this_week).days,
            "account_cnt": len({number for number, _ in accounts[key]}),
            "due_amt": sum((rounded(amount) for amount in accounts[key].values()), Decimal(0)),
            "customer_cnt": len(holders[key]),
            "matured_account_cnt": len(numbers[key]),
            "matured_amt": matured[key],
            "retained_amt": kept[key],
            "retention_rate": rate(kept[key], matured[key]),
        }
    return found


def fell_due(told: Told) -> tuple[dict[Key, Decimal], dict[Key, Decimal], dict[Key, set[str]]]:
    """What fell due from one night to the next, what its owners have of it tonight, and the accounts."""
    matured: dict[Key, Decimal] = defaultdict(Decimal)
    kept: dict[Key, Decimal] = defaultdict(Decimal)
    numbers: dict[Key, set[str]] = defaultdict(set)
    has = assets_on(told, told.last)
    ends = [night.day for night in told.nights] + [day for _, day in told.months()]
    days = sorted(set(ends))
    for before, night in pairwise(days):
        lines = {code: row["product_line"] for code, row in told.by_key("product", night).items()}
        had = assets_on(told, before)
        held: dict[tuple[str, str], list[tuple[str, Row, Fraction]]] = defaultdict(list)
        for customer, product, kind, number, account, amount in parts(told, before):
            until = account.get("maturity_date")
            if kind in ("deposit", "investment") and until and before < until <= night:
                held[number, product].append((customer, account, amount))
        due: dict[str, list[tuple[date, str, str, str, Decimal]]] = defaultdict(list)
        for (number, product), owners in held.items():
            owners.sort(key=lambda one: one[0])
            amounts = split(rounded(sum(one[2] for one in owners)), [one[2] for one in owners])
            for (customer, account, _), part in zip(owners, amounts, strict=True):
                due[customer].append(
                    (account["maturity_date"], account["org_id"], lines[product], number, part)
                )
        for customer, rows in due.items():
            rows.sort()
            whole = sum((row[-1] for row in rows), Decimal(0))
            left = min(whole, max(Decimal(0), has[customer] - max(Decimal(0), had[customer] - whole)))
            for (until, org, line, number, amount), part in zip(
                rows, split(left, [row[-1] for row in rows]), strict=True
            ):
                key = (org, line, monday(until))
                numbers[key].add(number)
                matured[key] += amount
                kept[key] += part
    return matured, kept, numbers


def assets_on(told: Told, day: date) -> dict[str, Decimal]:
    """Deposits and investments of every customer on a day."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for customer, _, kind, _, _, amount in parts(told, day):
        if kind in ("deposit", "investment"):
            found[customer] += rounded(amount)
    return found
