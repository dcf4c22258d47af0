"""Assets, flows and large transactions (chapter 5.1), computed from raw extracts by brute force."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.reference.raw_flows import Flow, flow_code_of, flows_of
from tests.reference.raw_nights import ZERO, RawBank, RawNight, cents, month_end_of, month_of

Amounts = dict[str, Decimal]
_SEEDS = Path(__file__).parents[2] / "seeds" / "rules"
_KINDS = {
    "cash": "cash",
    "own_transfer": "transfer",
    "bank_transfer": "transfer",
    "salary": "transfer",
    "outside": "transfer",
}
MEASURES = ("deposit", "investment", "total_assets", "aum", "loan", "card_debt", "net_assets")


def assets_of(night: RawNight) -> dict[str, Amounts]:
    """Assets and debts by customer on a night, at full weight; AUM as chapter 2 counts it."""
    exact: dict[str, Amounts] = defaultdict(lambda: dict.fromkeys(MEASURES, ZERO))
    for line in night.lines.values():
        for customer, share in line.shares.items():
            worth = share * night.rate(line.currency) * line.counted
            exact[customer]["deposit" if line.is_deposit else "investment"] += worth
            exact[customer]["aum"] += worth * line.weight
    for row in night.rows("loan_balance"):
        loan = night.row("loan", row["loan_id"])
        if loan:
            exact[loan["customer_id"]]["loan"] += row["balance"] * night.rate(loan["currency"])
    for row in night.rows("card_balance"):
        card = night.row("card", row["card_id"])
        if card:
            exact[card["customer_id"]]["card_debt"] += row["balance"]
    found = {}
    for customer, amounts in exact.items():
        amounts["total_assets"] = amounts["deposit"] + amounts["investment"]
        rounded = {name: cents(amount) for name, amount in amounts.items()}
        # the total is rounded once, and the parts add to it
        rounded["investment"] = rounded["total_assets"] - rounded["deposit"]
        rounded["net_assets"] = rounded["total_assets"] - rounded["loan"] - rounded["card_debt"]
        found[customer] = rounded
    return found


def org_assets_of(night: RawNight) -> dict[tuple[str, str], tuple[Decimal, int, Decimal | None]]:
    """Amount, customers and change by org and asset class; a class that is emptied has a last row."""
    now, whose = _held_by_orgs(night)
    before = _held_by_orgs(night.previous)[0] if night.previous else None
    return {
        key: (
            now.get(key, ZERO),
            len(whose[key]),
            None if before is None else now.get(key, ZERO) - before.get(key, ZERO),
        )
        for key in {*whose, *(before or {})}
        if whose.get(key) or (before or {}).get(key)
    }


def _held_by_orgs(night: RawNight) -> tuple[dict[tuple[str, str], Decimal], dict[tuple[str, str], set[str]]]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    whose: dict[tuple[str, str], set[str]] = defaultdict(set)
    for line in night.lines.values():
        account = night.row("account", line.account_id)
        assert account
        key = (account["org_id"], line.asset_class)
        for customer, share in line.shares.items():
            sums[key] += share * night.rate(line.currency) * line.counted
            if share and line.counted:
                whose[key].add(customer)
    for table, subject in (("loan_balance", "loan"), ("card_balance", "card")):
        for row in night.rows(table):
            owed = night.row(subject, row[f"{subject}_id"])
            if owed:
                key = (owed["org_id"], subject)
                sums[key] += row["balance"] * night.rate(owed.get("currency") or "CNY")
                if row["balance"]:
                    whose[key].add(owed["customer_id"])
    return {key: cents(amount) for key, amount in sums.items()}, whose


def flow_months(bank: RawBank) -> dict[tuple[str, date, str], tuple[int, Decimal]]:
    """Count and amount by customer, month of the transaction, and flow, as a closed month knows it."""
    counts: dict[tuple[str, date, str], int] = defaultdict(int)
    sums: dict[tuple[str, date, str], Decimal] = defaultdict(lambda: ZERO)
    for flow in flows_of(bank):
        month = month_of(flow.day)
        knows = _knows(bank, flow)
        if knows is None:
            continue
        account = knows.row("account", flow.txn["account_id"])
        code = flow.flow_code if flow.is_reversal else flow_code_of(flow.txn, knows)
        rate = knows.rate(flow.txn["currency"], knows.day if knows is flow.night else month_end_of(month))
        for owner, share in knows.shares(account).items() if account else ():
            if share:
                counts[owner, month, code] += 1
                sums[owner, month, code] += share * flow.signed * rate
    return {key: (count, cents(sums[key])) for key, count in counts.items()}


def large_transactions(bank: RawBank) -> dict[str, tuple[str, date, str, Decimal, Decimal]]:
    """Large transactions by number: customer, night, rule, amount, the day's total then."""
    with (_SEEDS / "large_transaction_rules.csv").open(encoding="utf-8") as file:
        rules = {(row["customer_type_code"], row["kind_code"]): row for row in csv.DictReader(file)}
    listed: dict[str, tuple[str, date, str, Decimal, Decimal]] = {}
    days: dict[tuple[str, str, bool, date], list[Flow]] = defaultdict(list)
    flows = [flow for flow in flows_of(bank) if not flow.is_reversal and flow.flow_code in _KINDS]
    for night in bank.nights:
        fresh = set()
        for flow in flows:
            account = night.row("account", flow.txn["account_id"])
            if flow.night is night and account:
                key = (account["customer_id"], _KINDS[flow.flow_code], flow.is_in, flow.day)
                days[key].append(flow)
                fresh.add(key)
        for key in fresh:
            customer = night.row("customer", key[0])
            assert customer
            rule = rules[customer["customer_type"], key[1]]
            total = cents(sum((abs(flow.amount) for flow in days[key]), ZERO))
            if total >= Decimal(rule["threshold_amt"]):
                for flow in days[key]:
                    amount = cents(abs(flow.amount))
                    told = (key[0], night.day, rule["rule_code"], amount, total)
                    listed.setdefault(flow.txn["txn_id"], told)
    return listed


def _knows(bank: RawBank, flow: Flow) -> RawNight | None:
    """The night whose knowledge counts a transaction in its month; None if it came too late."""
    if flow.night.previous is None or month_of(flow.night.day) == month_of(flow.day):
        return flow.night
    if month_of(flow.day) == month_of(flow.night.previous.day):
        # the first batch dated after the month tells it to the month's last day
        return flow.night.previous
    return None
