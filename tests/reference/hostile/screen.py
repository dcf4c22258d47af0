"""Columns of ``dim_customer_360`` (6.2), from the extracts."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.hostile.holdings import parts
from tests.reference.hostile.households import households_on
from tests.reference.hostile.payments import counted
from tests.reference.hostile.products import Loans, exactly, loans_on
from tests.reference.hostile.told import Row, Told, bank_day, rounded
from tests.reference.segments import months_later
from tests.support.timeline import add_months, month_start

GRADES = ["classic", "gold", "platinum", "diamond"]
CLASSES = ["normal", "special_mention", "substandard", "doubtful", "loss"]


def full_months(since: date, day: date) -> int:
    """Full calendar months between two days."""
    months = 0
    while months_later(since, months + 1) <= day:
        months += 1
    return months


def age(birth: date, day: date) -> int:
    """Full years; who is born on a leap day is older on the 28th of February of other years."""
    return full_months(birth, day) // 12


def codes(values: set[str]) -> str | None:
    """In order, each between commas; nothing for none."""
    return f",{','.join(sorted(values))}," if values else None


def screen(told: Told) -> dict[tuple[str], dict[str, Any]]:
    """The columns by customer."""
    day = told.last
    loans, moved = loans_on(told, day), initiated(told, day)
    sizes = {one: len(members) for members in households_on(told, day).values() for one in members}
    lines = {code: row["product_line"] for code, row in told.by_key("product", day).items()}
    held: dict[str, list[tuple[str, str, str, Row, Fraction]]] = defaultdict(list)
    for customer, product, kind, number, account, amount in parts(told, day):
        held[customer].append((product, kind, number, account, amount))
    found = {}
    for row in told.rows("customer", day):
        customer = row["customer_id"]
        found[(customer,)] = (
            {
                "age": age(row["birth_date"], day) if row["birth_date"] else None,
                "tenure_months": full_months(row["first_open_date"], day),
                "is_closed": row["status"] == "closed",
                "household_size": sizes.get(customer),
            }
            | _holdings(held[customer], lines, day)
            | _debts(told, customer, loans, day)
            | _moves(moved[customer], day)
            | _front(told, customer, day)
        )
    return found


def _holdings(
    held: list[tuple[str, str, str, Row, Fraction]], lines: dict[str, str], day: date
) -> dict[str, Any]:
    def total(*kinds: str) -> Decimal:
        return rounded(sum((one[4] for one in held if one[1] in kinds), Fraction(0)))

    # rounded once at the total; its parts add to it
    assets, deposits = total("deposit", "investment"), total("deposit")

    due = [
        (one[3]["maturity_date"], rounded(one[4]))
        for one in held
        if one[1] in ("deposit", "investment") and one[3]["maturity_date"] and one[3]["maturity_date"] >= day
    ]
    first = min((until for until, _ in due), default=None)
    cards = [one[3] for one in held if one[1] == "card"]
    return {
        "deposit_amt": deposits,
        "investment_amt": assets - deposits,
        "total_assets_amt": assets,
        "line_cnt": len({lines.get(one[0], "card") for one in held}),
        "held_line_codes": codes({lines.get(one[0], "card") for one in held}),
        "next_maturity_date": first,
        "next_maturity_amt": sum(amount for until, amount in due if until == first) if due else None,
        "card_kind_codes": codes({card["card_kind"] for card in cards}),
        "best_card_grade_code": max((card["card_grade"] for card in cards), key=GRADES.index, default=None),
        "next_card_expiry_date": min((card["expiry_date"] for card in cards), default=None),
    }


def _debts(told: Told, customer: str, loans: Loans, day: date) -> dict[str, Any]:
    of_all = told.by_key("loan", day)
    own = {number: one for number, one in loans.items() if of_all[number]["customer_id"] == customer}

    def total(*kinds: str) -> Decimal:
        exact = (exactly(told, one, day) for one in own.values() if one[1] in kinds)
        return rounded(sum(exact, Fraction(0)))

    debts = told.by_key("card_balance", day)
    cards = [
        card
        for card in told.rows("card", day)
        if card["customer_id"] == customer and card["card_id"] in debts
    ]
    credit = [debts[card["card_id"]]["balance"] for card in cards if card["card_kind"] == "credit"]
    worst = [one[2] for number, one in own.items() if one[4] > 0]
    return {
        "loan_amt": total("mortgage", "unsecured", "guaranteed", "other"),
        "mortgage_amt": total("mortgage"),
        "unsecured_loan_amt": total("unsecured"),
        "other_loan_amt": total("other"),
        "worst_five_class_code": max(worst, key=CLASSES.index, default=None),
        "card_debt_amt": sum((owed for owed in credit if owed > 0), Decimal(0)),
    }


def standing(told: Told, day: date) -> Iterator[tuple[date, Row]]:
    """Transactions known on a day, with the night that values them; of a reversed pair neither."""
    known_rows = []
    for _, known, row in counted(told, "transaction", "txn_date"):
        if row["account_id"] not in told.by_key("account", known):
            known = next(night.day for night in told.nights if night.day > known)
        if known <= day:
            known_rows.append((known, row))
    gone = {row["reversed_txn_id"] for _, row in known_rows} - {None}
    for known, row in known_rows:
        if not row["reversed_txn_id"] and row["txn_id"] not in gone:
            yield known, row


def initiated(told: Told, day: date) -> dict[str, list[tuple[date, Decimal]]]:
    """Customers' own transactions known on a day, by owner in CNY: no interest, fee or reversed pair."""
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    accounts = told.by_key("account", day)
    for known, row in standing(told, day):
        if row["txn_type"] in ("interest", "fee"):
            continue
        value = Fraction(row["amount"]) * told.mid_rate(row["currency"], known)
        for customer, share in told.shares(accounts[row["account_id"]], day).items():
            found[customer].append((row["txn_date"], rounded(value * share)))
    return found


def _moves(moved: list[tuple[date, Decimal]], day: date) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for months in (3, 6, 12):
        inside = [one for one in moved if one[0] >= add_months(month_start(day), 1 - months)]
        result[f"txn_{months}m_cnt"] = len(inside)
        result[f"txn_{months}m_amt"] = sum((amount for _, amount in inside), Decimal(0))
    year = [when for when, _ in moved if when >= add_months(month_start(day), -11)]
    return result | {"last_txn_date": max(year, default=None)}


def _front(told: Told, customer: str, day: date) -> dict[str, Any]:
    contacts = [
        (bank_day(row["sent_at"]), row["sent_at"], row["channel"])
        for row in told.brought("contact_log")
        if row["customer_id"] == customer and row["delivered"] and bank_day(row["sent_at"]) <= day
    ]
    visits = [
        bank_day(row["visited_at"])
        for row in told.brought("visit")
        if row["customer_id"] == customer and bank_day(row["visited_at"]) <= day
    ]
    agreed = {
        row["purpose"]
        for row in told.rows("consent", day)
        if row["customer_id"] == customer
        and not (row["withdrawn_at"] and bank_day(row["withdrawn_at"]) <= day)
    }
    cases = [
        row
        for row in told.rows("service_case", day)
        if row["customer_id"] == customer and (row["closed_at"] is None or bank_day(row["closed_at"]) > day)
    ]
    return {
        "last_contact_date": max((when for when, _, _ in contacts), default=None),
        "contact_30d_cnt": sum(when > day - timedelta(30) for when, _, _ in contacts),
        "contact_12m_cnt": sum(when >= add_months(month_start(day), -11) for when, _, _ in contacts),
        "last_visit_date": max(visits, default=None),
        "consent_purpose_codes": codes(agreed),
        "open_case_cnt": len(cases),
    }
