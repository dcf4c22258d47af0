"""Product lines by org and migration of segments (6.3, 6.4), from extracts and customers' own tables."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.holdings import parts
from tests.reference.hostile.screen import initiated
from tests.reference.hostile.told import Row, Told, rounded
from tests.support.timeline import add_months, month_start

Key = tuple[str, str, date]
FALSE = {"is_key_customer": "other"}
"""What who is not is called, where it is not no_need."""


def matrix(told: Told) -> dict[Key, dict[str, Any]]:
    """Balances, customers and sales of ``rpt_line_org_matrix_monthly`` by org, line and month."""
    found: dict[Key, dict[str, Any]] = defaultdict(
        lambda: {"balance_amt": Decimal(0), "customer_cnt": 0, "sales_cnt": 0, "sales_amt": Decimal(0)}
    )
    for month, day in told.months():
        lines = {code: row["product_line"] for code, row in told.by_key("product", day).items()}
        holders: dict[Key, set[str]] = defaultdict(set)
        for customer, product, _, _, account, amount in parts(told, day):
            key = (account["org_id"], lines.get(product, "card"), month)
            holders[key].add(customer)
            found[key]["balance_amt"] += rounded(amount)
        for key, customers in holders.items():
            found[key]["customer_cnt"] = len(customers)
    first = told.nights[0]
    for night in told.nights:
        lines = {code: row["product_line"] for code, row in told.by_key("product", night.day).items()}
        currency = {code: row["currency"] for code, row in told.by_key("product", night.day).items()}
        for row in night.events["sales_trade"]:
            month = month_start(row["trade_date"] if night is first else night.day)
            key = (row["org_id"], lines[row["product_code"]], month)
            found[key]["sales_cnt"] += 1
            value = Fraction(row["amount"]) * told.mid_rate(
                currency[row["product_code"]], row["trade_date"], night.day
            )
            found[key]["sales_amt"] += rounded(value)
    return {key: values for key, values in found.items() if key[2] >= month_start(first.day)}


def activity(told: Told) -> dict[tuple[date], dict[str, Any]]:
    """Active customers of each month, and the lines that they hold."""
    found = {}
    for month, day in told.months():
        lines = {code: row["product_line"] for code, row in told.by_key("product", day).items()}
        held: dict[str, set[str]] = defaultdict(set)
        balances: set[str] = set()
        for customer, product, _, _, _, amount in parts(told, day):
            held[customer].add(lines.get(product, "card"))
            if amount > 0:
                balances.add(customer)
        moved = {
            customer
            for customer, own in initiated(told, day).items()
            if any(when >= add_months(month, -2) for when, _ in own)
        }
        customers = {row["customer_id"] for row in told.rows("customer", day) if row["status"] == "active"}
        active = customers & (balances | moved)
        found[(month,)] = {
            "active_customer_cnt": len(active),
            "held_line_cnt": sum(len(held[customer]) for customer in active),
        }
    return found


def migration(
    rows: Iterable[Row], column: str, months: list[date]
) -> dict[tuple[str, str, str, date], list[int]]:
    """Customers, opening and closing by org, segment before, segment now and month, of one scheme."""
    by_month: dict[date, dict[str, tuple[str, str]]] = defaultdict(dict)
    for row in rows:
        segment = row[column]
        if isinstance(segment, bool):
            segment = (
                ("key" if column == "is_key_customer" else "need")
                if segment
                else FALSE.get(column, "no_need")
            )
        by_month[row["month_start_date"]][row["customer_id"]] = (row["owning_org_id"], segment)
    found: dict[tuple[str, str, str, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    for month in months:
        now, before = by_month[month], by_month[add_months(month, -1)]
        for customer in now.keys() | before.keys():
            was = before[customer][1] if customer in before else "new"
            goes = now[customer][1] if customer in now else "closed"
            at = now[customer][0] if customer in now else before[customer][0]
            found[at, was, goes, month][0] += 1
            if customer in before:
                found[before[customer][0], was, goes, month][1] += 1
            if customer in now:
                found[at, was, goes, month][2] += 1
    return found
