"""Holdings and households (6.2), from the extracts."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.told import Row, Told, rate, rounded

CARD_PRODUCTS = {"private": "private_bank_card"}
"""Products of cards of which the bank tells none, where they are not called like the kind."""


def is_open(account: Row, day: date) -> bool:
    """Whether an account is not closed on a day."""
    return account["status"] != "closed" and not (account["close_date"] and account["close_date"] <= day)


def parts(told: Told, day: date) -> list[tuple[str, str, str, str, Row, Fraction]]:
    """Customer, product, kind, id, account and amount of everything that is held or owed on a day."""
    accounts, products = told.by_key("account", day), told.by_key("product", day)
    found = []
    for table, kind, amount in (
        ("deposit_balance", "deposit", "balance"),
        ("investment_position", "investment", "market_value"),
    ):
        for row in told.rows(table, day):
            account = accounts[row["account_id"]]
            if not is_open(account, day):
                continue
            product = row.get("product_code", account["product_code"])
            if row[amount] <= 0:
                continue
            value = Fraction(row[amount]) * told.mid_rate(account["currency"], day)
            for customer, share in told.shares(account, day).items():
                found.append((customer, product, kind, row["account_id"], account, value * share))
    loans = told.by_key("loan", day)
    for row in told.rows("loan_balance", day):
        loan = loans[row["loan_id"]]
        if row["balance"] <= 0:
            continue
        value = Fraction(row["balance"]) * told.mid_rate(loan["currency"], day)
        found.append((loan["customer_id"], loan["product_code"], "loan", row["loan_id"], loan, value))
    cards = told.by_key("card_balance", day)
    for card in told.rows("card", day):
        owed = Fraction(cards[card["card_id"]]["balance"]) if card["card_id"] in cards else Fraction(0)
        product = card["product_code"] or CARD_PRODUCTS.get(card["card_kind"], f"{card['card_kind']}_card")
        if card["status"] != "cancelled" and card["expiry_date"] >= day:
            found.append((card["customer_id"], product, "card", card["card_id"], card, owed))
    for account in accounts.values():
        if products[account["product_code"]]["asset_class"] == "channel" and is_open(account, day):
            for customer in told.shares(account, day):
                found.append(
                    (customer, account["product_code"], "open", account["account_id"], account, Fraction(0))
                )
    return found


def holdings(told: Told, day: date) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Rows of ``fct_customer_holding`` by customer, product and kind."""
    grouped: dict[tuple[str, str, str], list[tuple[str, Row, Fraction]]] = defaultdict(list)
    for customer, product, kind, number, account, amount in parts(told, day):
        grouped[customer, product, kind].append((number, account, amount))
    sums = {key: sum((rounded(amount) for _, _, amount in held), Decimal(0)) for key, held in grouped.items()}
    assets: dict[str, Decimal] = defaultdict(Decimal)
    debts: dict[str, Decimal] = defaultdict(Decimal)
    for (customer, _, kind), amount in sums.items():
        (debts if kind in ("loan", "card") else assets)[customer] += amount
    found = {}
    for (customer, product, kind), held in grouped.items():
        whole = (debts if kind in ("loan", "card") else assets)[customer]
        opened = [
            row.get("open_date") or row.get("start_date") or row.get("issue_date") for _, row, _ in held
        ]
        due = [
            row["maturity_date"]
            for _, row, _ in held
            if row.get("maturity_date") and row["maturity_date"] >= day
        ]
        amount = sums[customer, product, kind]
        found[customer, product, kind] = {
            "since_date": min(opened),
            "next_maturity_date": min(due, default=None),
            "account_cnt": len({number for number, _, _ in held}),
            "balance_amt": amount,
            "balance_share": rate(amount, whole),
        }
    return found
