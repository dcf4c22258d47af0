"""The calendar of the front office (chapter 5.4), computed from raw extracts by brute force."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

from tests.reference.raw_due import birthday_in
from tests.reference.raw_nights import ZERO, RawNight, cents

Line = tuple[str, str, date, Decimal | None]
"""Customer, kind, due date, amount."""
_DAYS = 30


def calendar_lines(night: RawNight, greeted: set[str]) -> Counter[Line]:
    """What falls due for active customers in the days from tonight on.

    Args:
        greeted: Customers whom the rule of festivals is for.
    """
    days = [night.day + timedelta(ahead) for ahead in range(_DAYS + 1)]
    found: list[Line] = []
    for account in night.rows("account"):
        owner, held = night.main_owner(account["account_id"]), ZERO
        for line in night.lines.values():
            if line.account_id == account["account_id"]:
                held += line.balance * night.rate(line.currency)
        if owner and held > 0 and account["maturity_date"] in days:
            found.append((owner, "maturity", account["maturity_date"], cents(held)))
    for loan in night.rows("loan"):
        balance, rate = night.row("loan_balance", loan["loan_id"]), night.rate(loan["currency"])
        if balance and balance["balance"] > 0 and loan["maturity_date"] in days:
            worth = cents(balance["balance"] * rate)
            found.append((loan["customer_id"], "maturity", loan["maturity_date"], worth))
        for row in night.rows("repayment_schedule"):
            if row["loan_id"] == loan["loan_id"] and row["paid_date"] is None and row["due_date"] in days:
                worth = cents((row["due_principal"] + row["due_interest"]) * rate)
                found.append((loan["customer_id"], "instalment", row["due_date"], worth))
    for card in night.rows("card"):
        if card["status"] == "valid" and card["expiry_date"] in days:
            found.append((card["customer_id"], "card_expiry", card["expiry_date"], None))
    for customer in night.rows("customer"):
        born = customer["birth_date"]
        if born and customer["customer_type"] == "P":
            found += [
                (customer["customer_id"], "birthday", day, None)
                for day in days
                if birthday_in(born, day.year) == day
            ]
    for row in night.rows("calendar"):
        if row["festival_code"] and row["calendar_date"] in days:
            found += [(customer, "festival", row["calendar_date"], None) for customer in greeted]
    active = {row["customer_id"] for row in night.rows("customer") if row["status"] == "active"}
    return Counter(line for line in found if line[0] in active)
