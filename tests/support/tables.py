"""The rows of every contract table on one night of a test bank.

Fixed, small reference data (two outlets, four products, one manager), so that a story says only what
it is about.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.support.timeline import days, month_start

if TYPE_CHECKING:
    from tests.support.bank import Bank

Row = dict[str, Any]

DELTA_KEYS: dict[str, tuple[str, ...]] = {
    "customer": ("customer_id",),
    "account": ("account_id",),
    "account_owner": ("account_id", "customer_id"),
    "loan": ("loan_id",),
    "card": ("card_id",),
    "assignment": ("assignment_id",),
}
OPTIONAL = frozenset({"account_owner"})

PRODUCTS: tuple[tuple[str, str, bool, str, bool], ...] = (
    # code, asset class, is in AUM, weight, allows overdraft
    ("CURRENT", "deposit", True, "1", False),
    ("OVERDRAFT", "deposit", True, "1", True),
    ("FUND", "wealth", True, "1", False),
    ("HALF", "wealth", True, "0.5", False),
    ("OUTSIDE", "wealth", False, "1", False),
    ("LOAN", "loan", False, "1", False),
)
INVESTMENTS = frozenset({"FUND", "HALF", "OUTSIDE"})


def full_tables(bank: Bank, night: date) -> dict[str, list[Row]]:
    """Tables that come whole every night."""
    content = {
        "org": [
            row | bank.books.closing_of(row["org_id"], night)
            for row in (
                _org("HQ", "head_office", None),
                _org("O1", "outlet", "HQ"),
                _org("O2", "outlet", "HQ"),
                *bank.books.orgs,
            )
        ],
        "employee": [
            {
                "employee_id": "E1",
                "employee_name": "Manager One",
                "org_id": "O1",
                "post": "relationship_manager",
                "status": "active",
                "hired_on": date(2015, 1, 1),
                "left_on": None,
            },
            *bank.books.employees,
        ],
        "product": [
            row | bank.books.product_on(row["product_code"], night)
            for row in [*(_product(*product) for product in PRODUCTS), *bank.books.products]
        ],
        "deposit_balance": _deposit_balances(bank, night),
        "investment_position": _positions(bank, night),
        "loan_balance": _loan_balances(bank, night),
        "sales_ratio_param": [
            {
                "scope_type": "bank",
                "scope_id": "*",
                "sales_product_code": "*",
                "valid_from": date(2015, 1, 1),
                "seller_ratio": Decimal("0.7"),
                "referrer_ratio": Decimal("0.3"),
                "valid_to": None,
            }
        ],
        "ftp_rate": _curves(bank, night),
        "fx_rate": _rates(bank, night),
        "calendar": _calendar(bank),
    }
    if any(card.owed.first for customer in bank.customers for card in customer.cards):
        content["card_balance"] = _card_balances(bank, night)
    if bank.with_ledger:
        content["ledger_control"] = _ledger(bank, night)
    return content


def event_tables(bank: Bank, night: date, previous: date | None) -> dict[str, list[Row]]:
    """Tables of what happened since the night before."""
    card_transactions = [
        {
            "txn_id": txn.txn_id,
            "card_id": card.card_id,
            "txn_date": txn.on,
            "amount": txn.amount,
            "is_consumption": txn.is_consumption,
            "reversed_txn_id": txn.reversed_txn_id,
        }
        for customer in bank.customers
        for card in customer.cards
        for txn in card.transactions
        if txn.arrives <= night and (previous is None or txn.arrives > previous)
    ]
    return {
        "card_txn": card_transactions,
        "transaction": bank.books.arrived("transaction", night, previous),
        "sales_trade": bank.books.arrived("sales_trade", night, previous),
        "sales_registration": [],
        "fee_income": bank.books.arrived("fee_income", night, previous),
        **{
            name: bank.books.arrived(name, night, previous)
            for name in ("cost_pool", "risk_parameter")
            if name in bank.books.events
        },
    }


def master_rows(bank: Bank, name: str, night: date) -> list[Row]:
    """The state of a delta table as of the night."""
    builders = {
        "customer": _customers,
        "account": _accounts,
        "account_owner": _owners,
        "loan": _loans,
        "card": _cards,
        "assignment": _assignments,
    }
    return builders[name](bank, night)


def is_used(bank: Bank, name: str) -> bool:
    """Whether the bank ever has a row of the optional table."""
    return bool(master_rows(bank, name, bank.nights[-1])) or bool(master_rows(bank, name, bank.start))


def _assignments(bank: Bank, night: date) -> list[Row]:
    return [row for row in bank.books.assignments if row["valid_from"] <= night]


def _org(org_id: str, level: str, parent: str | None) -> Row:
    return {
        "org_id": org_id,
        "org_name": f"机构 {org_id}",
        "org_level": level,
        "parent_org_id": parent,
        "region_code": "R1",
        "open_date": date(1990, 1, 1),
        "close_date": None,
        "successor_org_id": None,
    }


def _product(code: str, asset_class: str, is_in_aum: bool, weight: str, overdraft: bool) -> Row:
    return {
        "product_code": code,
        "product_name": code.title(),
        "asset_class": asset_class,
        "product_line": asset_class,
        "sales_product_code": None,
        "is_in_aum": is_in_aum,
        "aum_weight": Decimal(weight),
        "currency": "CNY",
        "day_count": 360,
        "ftp_curve_id": "C1",
        "allows_overdraft": overdraft,
    }


def _customers(bank: Bank, night: date) -> list[Row]:
    return [
        {
            "customer_id": customer.customer_id,
            "customer_type": customer.kind.at(night),
            "customer_name": f"客户 {customer.customer_id}",
            "cert_type": "ID" if customer.cert_no else None,
            "cert_no": customer.cert_no,
            "gender": None,
            "birth_date": None,
            "mobile": None,
            "occupation_code": None,
            "education_code": None,
            "region_code": None,
            "industry_code": None,
            "income_band": None,
            "first_open_date": customer.first_open_date,
            "home_org_id": customer.homes.at(night) or customer.home_org_id,
            "risk_level": None,
            "household_id": None,
            "is_employee": False,
            "status": customer.status.at(night),
            "golden_id": customer.golden.at(night),
        }
        for customer in bank.customers
        if customer.first_open_date <= night
    ]


def _accounts(bank: Bank, night: date) -> list[Row]:
    rows = []
    for account in bank.accounts:
        if account.opened > night:
            continue
        is_closed = account.closed is not None and account.closed <= night
        rows.append(
            {
                "account_id": account.account_id,
                "customer_id": account.customer_id,
                "product_code": account.product_code,
                "org_id": account.orgs.at(night) or account.org_id,
                "currency": account.currency,
                "open_date": account.opened,
                "close_date": account.closed if is_closed else None,
                "maturity_date": account.matures,
                "interest_rate": account.rate,
                "status": "closed" if is_closed else "open",
            }
        )
    return rows


def _owners(bank: Bank, night: date) -> list[Row]:
    return [
        {"account_id": account.account_id, "customer_id": owner, "ownership_share": share}
        for account in bank.accounts
        if account.opened <= night
        for owner, share in (account.owners.at(night) or {}).items()
    ]


def _deposit_balances(bank: Bank, night: date) -> list[Row]:
    return [
        {
            "account_id": account.account_id,
            "balance": balance,
            "accrued_interest": None,
            "interest_rate": None,
        }
        for account in bank.accounts
        if account.product_code not in INVESTMENTS
        for line in account.lines.values()
        if (balance := line.at(night)) is not None
    ]


def _positions(bank: Bank, night: date) -> list[Row]:
    return [
        {
            "account_id": account.account_id,
            "product_code": product_code,
            "units": None,
            "market_value": value,
            "cost_amount": None,
        }
        for account in bank.accounts
        if account.product_code in INVESTMENTS
        for product_code, line in account.lines.items()
        if (value := line.at(night)) is not None
    ]


def _loans(bank: Bank, night: date) -> list[Row]:
    return [
        {
            "loan_id": loan.loan_id,
            "customer_id": loan.customer_id,
            "product_code": loan.product_code,
            "loan_class": loan.loan_class,
            "org_id": loan.orgs.at(night) or loan.org_id,
            "manager_id": None,
            "currency": loan.currency,
            "principal": loan.owed.at(loan.start) or Decimal(0),
            "interest_rate": loan.rate,
            "start_date": loan.start,
            "maturity_date": loan.matures,
        }
        for customer in bank.customers
        for loan in customer.loans
        if loan.start <= night
    ]


def _loan_balances(bank: Bank, night: date) -> list[Row]:
    return [
        {
            "loan_id": loan.loan_id,
            "balance": balance,
            "overdue_principal": Decimal(0),
            "overdue_interest": Decimal(0),
            "days_past_due": 0,
            "five_class": "normal",
        }
        for customer in bank.customers
        for loan in customer.loans
        if (balance := loan.owed.at(night)) is not None
    ]


def _card_balances(bank: Bank, night: date) -> list[Row]:
    return [
        {"card_id": card.card_id, "balance": balance, "min_due": None, "due_date": None, "days_past_due": 0}
        for customer in bank.customers
        for card in customer.cards
        if (balance := card.owed.at(night)) is not None
    ]


def _cards(bank: Bank, night: date) -> list[Row]:
    return [
        {
            "card_id": card.card_id,
            "customer_id": card.customer_id,
            "card_kind": card.card_kind,
            "card_grade": card.card_grade,
            "org_id": card.org_id,
            "issue_date": card.issued,
            "expiry_date": card.expires,
            "status": card.status.at(night),
            "credit_limit": Decimal("50000.00"),
        }
        for customer in bank.customers
        for card in customer.cards
        if card.issued <= night
    ]


def _curves(bank: Bank, night: date) -> list[Row]:
    """Quotes up to the night; a bank without any has one flat curve."""
    quotes = bank.books.curves or {("C1", 1, night): Decimal("0.02")}
    return [
        {"curve_id": curve, "tenor_days": tenor, "rate_date": day, "rate": rate}
        for (curve, tenor, day), rate in sorted(quotes.items())
        if day <= night
    ]


def _rates(bank: Bank, night: date) -> list[Row]:
    rows = [
        {"currency": currency, "rate_date": day, "mid_rate": rate}
        for (currency, day), rate in sorted(bank.rates.items())
        if day <= night
    ]
    return rows or [{"currency": "USD", "rate_date": night, "mid_rate": Decimal("7")}]


def _calendar(bank: Bank) -> list[Row]:
    """Nights are business days; so are the weekdays outside the nights, which asks nothing of anybody."""
    first, last = month_start(bank.start), bank.nights[-1] + timedelta(40)
    return [
        {
            "calendar_date": day,
            "is_business_day": day in bank.nights
            if bank.start <= day <= bank.nights[-1]
            else day.weekday() < 5,
            "is_interest_settlement": None,
            "is_small_fee_day": None,
            "festival_code": None,
        }
        for day in days(first, last)
    ]


def _ledger(bank: Bank, night: date) -> list[Row]:
    """The books' totals; for banks whose accounts are all in the reporting currency."""
    totals: dict[tuple[str, str], Decimal] = {}
    for account in bank.accounts:
        asset_class = "wealth" if account.product_code in INVESTMENTS else "deposit"
        for line in account.lines.values():
            place = (account.orgs.at(night) or account.org_id, asset_class)
            totals[place] = totals.get(place, Decimal(0)) + (line.at(night) or Decimal(0))
    return [
        {"org_id": org, "asset_class": asset_class, "balance": total}
        for (org, asset_class), total in sorted(totals.items())
    ]
