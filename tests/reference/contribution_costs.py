"""Cost pools by the definitions of chapter 4: whose they are on each day, and what each line counts as."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from tests.reference.contribution_line import Key, Line, cents, largest_remainder, open_month, recorded_from
from tests.support.bank import Bank
from tests.support.timeline import days, month_end


def add_costs(bank: Bank, month: date, lines: dict[Key, Line]) -> None:
    parents = {"HQ": None, "O1": "HQ", "O2": "HQ"} | {
        row["org_id"]: row["parent_org_id"] for row in bank.books.orgs
    }
    accounts = {key: line for key, line in lines.items() if line.source != "fee"}
    keeping = {line.org for line in accounts.values()}
    for on, pool in bank.books.events.get("cost_pool", []):
        if open_month(bank, on, pool["cost_month"]) != month:
            continue
        for org, amount in _parts(bank, pool, month).items():
            orgs = {org} if org in keeping else _below(parents, org)
            bearing = {key: line for key, line in accounts.items() if line.org in orgs}
            if not bearing:
                continue
            weights = _weights(pool["driver_code"], bearing)
            if not any(weights.values()):
                weights = _weights("accounts", bearing)
            total = sum(weights.values())
            for key, part in largest_remainder(amount, weights).items():
                lines[key].components["allocated_cost"] -= part
                place = pool["cost_pool_id"], pool["org_id"], pool["cost_month"], org
                lines[key].pools[place] = weights[key], total, part


def _parts(bank: Bank, pool: Mapping[str, Any], month: date) -> dict[str, int]:
    """Cents of a pool by the org whose business it is on the days of the month, as far as recorded."""
    by_org: dict[str, int] = defaultdict(int)
    calendar = days(month, month_end(month))
    recorded = [day for day in calendar if day >= recorded_from(bank)]
    for day in recorded:
        by_org[_successor(bank, pool["org_id"], day)] += 1
    parts = largest_remainder(cents(Fraction(pool["amount"])), by_org)
    return {org: cents(Fraction(part * len(recorded), 100 * len(calendar))) for org, part in parts.items()}


def _successor(bank: Bank, org: str, day: date) -> str:
    closed = bank.books.closed_orgs.get(org)
    return org if closed is None or day < closed[0] else _successor(bank, closed[1], day)


def _below(parents: Mapping[str, str | None], org: str) -> set[str]:
    found = {org}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _weights(driver: str, lines: Mapping[Key, Line]) -> dict[Key, int]:
    """Millionths of accounts, transactions or customers, halves up; cents of balances."""
    if driver == "balances":
        return {key: max(line.average, 0) for key, line in lines.items()}

    def group(line: Line) -> object:
        if driver == "customers":
            return line.customer, line.org
        return line.account, line.org

    sizes: dict[object, int] = defaultdict(int)
    for line in lines.values():
        sizes[group(line)] += 1
    return {
        key: cents(
            (Fraction(line.transactions) if driver == "transactions" else line.held)
            * 10_000
            / sizes[group(line)]
        )
        for key, line in lines.items()
    }
