"""Customers of a test bank and what they hold: a few readable lines each.

Every amount is a timeline of daily values; the bank (``bank.py``) turns it into the monthly history of
the initial load and the full tables of the nights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.support.timeline import Timeline, add_months

Amount = Decimal | int | str
WAN = 10_000
"""万, the unit in which the golden cases are written."""


def money(amount: Amount) -> Decimal:
    """The amount with two decimal places."""
    return Decimal(amount).quantize(Decimal("0.01"))


@dataclass
class Account:
    """An account with one balance line per product; a deposit account has only its own."""

    account_id: str
    customer_id: str
    product_code: str
    org_id: str
    currency: str
    opened: date
    lines: dict[str, Timeline[Decimal]] = field(default_factory=dict)
    owners: Timeline[dict[str, Decimal]] = field(default_factory=Timeline)
    closed: date | None = None
    matures: date | None = None
    rate: Decimal | None = None
    orgs: Timeline[str] = field(default_factory=Timeline)

    def __post_init__(self) -> None:
        self.orgs.set(self.opened, self.org_id)

    def moves_to(self, org: str, *, on: date) -> Account:
        """Be kept by another org from the day on."""
        self.orgs.set(on, org)
        return self

    def holds(self, amount: Amount, *, since: date, product: str | None = None) -> Account:
        """Hold the amount from the day on, until the next ``holds``."""
        self.lines.setdefault(product or self.product_code, Timeline()).set(since, money(amount))
        return self

    def months(self, *amounts: Amount, to: date) -> Account:
        """Hold one constant amount (in 万) per month, oldest first, the last one in the month of ``to``."""
        for back, amount in enumerate(reversed(amounts)):
            self.holds(Decimal(amount) * WAN, since=add_months(to, -back))
        return self

    def bears(self, rate: str, *, until: date | None = None) -> Account:
        """Pay interest to its holder, to a day of maturity if it has one."""
        self.rate, self.matures = Decimal(rate), until
        return self

    def vanishes(self, on: date) -> Account:
        """Be missing from the full balance table from the day on, with no word about a closing."""
        for line in self.lines.values():
            line.set(on, None)
        return self

    def closes(self, on: date) -> Account:
        """Close: a close date, and no balance row from that day on."""
        self.closed = on
        return self.vanishes(on)

    def shared(self, shares: dict[str, str], *, since: date) -> Account:
        """Belong to several customers from the day on, by share."""
        self.owners.set(since, {owner: Decimal(share) for owner, share in shares.items()})
        return self


@dataclass
class Loan:
    """A loan contract and what is owed on it."""

    loan_id: str
    customer_id: str
    loan_class: str
    currency: str
    start: date
    org_id: str
    product_code: str = "LOAN"
    rate: Decimal = Decimal("0.04")
    matures: date = date(2045, 1, 1)
    owed: Timeline[Decimal] = field(default_factory=Timeline)
    orgs: Timeline[str] = field(default_factory=Timeline)

    def __post_init__(self) -> None:
        self.orgs.set(self.start, self.org_id)

    def moves_to(self, org: str, *, on: date) -> Loan:
        """Be kept by another org from the day on."""
        self.orgs.set(on, org)
        return self

    def owes(self, amount: Amount, *, since: date) -> Loan:
        """Owe the amount from the day on."""
        self.owed.set(since, money(amount))
        return self

    def bears(self, rate: str, *, until: date, product: str = "LOAN") -> Loan:
        """Bear interest to a day of maturity."""
        self.rate, self.matures, self.product_code = Decimal(rate), until, product
        return self

    def repaid(self, on: date) -> Loan:
        """Be missing from the balance table from the day on."""
        self.owed.set(on, None)
        return self


@dataclass
class CardTransaction:
    """One card transaction; it arrives with the first batch on or after ``arrives``."""

    txn_id: str
    on: date
    amount: Decimal
    is_consumption: bool
    reversed_txn_id: str | None
    arrives: date


@dataclass
class Card:
    """A card and its transactions."""

    card_id: str
    customer_id: str
    card_kind: str
    card_grade: str
    issued: date
    expires: date
    org_id: str
    owed: Timeline[Decimal] = field(default_factory=Timeline)
    status: Timeline[str] = field(default_factory=Timeline)
    transactions: list[CardTransaction] = field(default_factory=list)

    def _book(
        self, on: date, amount: Amount, consumption: bool, reverses: str | None, arrives: date | None = None
    ) -> str:
        txn_id = f"{self.card_id}-{len(self.transactions) + 1}"
        self.transactions.append(
            CardTransaction(txn_id, on, money(amount), consumption, reverses, arrives or on)
        )
        return txn_id

    def spends(
        self, amount: Amount, *, on: date, consumption: bool = True, arrives: date | None = None
    ) -> str:
        """Book a transaction and return its id; without consumption it is a cash advance."""
        return self._book(on, amount, consumption, None, arrives)

    def reverses(self, txn_id: str, amount: Amount, *, on: date, arrives: date | None = None) -> str:
        """Take an earlier transaction back."""
        return self._book(on, amount, True, txn_id, arrives)

    def owes(self, amount: Amount, *, since: date) -> Card:
        """Owe the amount on the card from the day on."""
        self.owed.set(since, money(amount))
        return self

    def becomes(self, status: str, *, on: date) -> Card:
        """Change the card's status."""
        self.status.set(on, status)
        return self


@dataclass
class Customer:
    """A named customer; the name is the id, so that a result row reads by itself."""

    customer_id: str
    first_open_date: date
    home_org_id: str
    cert_no: str | None = None
    homes: Timeline[str] = field(default_factory=Timeline)
    kind: Timeline[str] = field(default_factory=Timeline)
    status: Timeline[str] = field(default_factory=Timeline)
    golden: Timeline[str] = field(default_factory=Timeline)
    accounts: list[Account] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)

    def account(
        self,
        *,
        product: str = "CURRENT",
        currency: str = "CNY",
        org: str | None = None,
        opened: date | None = None,
    ) -> Account:
        """Open one more account; its id is the customer's name and a number."""
        account = Account(
            f"{self.customer_id}-A{len(self.accounts) + 1}",
            self.customer_id,
            product,
            org or self.home_org_id,
            currency,
            opened or self.first_open_date,
        )
        self.accounts.append(account)
        return account

    def holds(self, amount: Amount, *, since: date | None = None, currency: str = "CNY") -> Account:
        """Hold a deposit from the day on, by default from the first open date."""
        start = since or self.first_open_date
        return self.account(currency=currency, opened=start).holds(amount, since=start)

    def invests(self, amount: Amount, *, since: date | None = None, product: str = "FUND") -> Account:
        """Hold an investment position from the day on."""
        start = since or self.first_open_date
        return self.account(product=product, opened=start).holds(amount, since=start)

    def borrows(
        self,
        amount: Amount,
        *,
        since: date,
        loan_class: str = "mortgage",
        currency: str = "CNY",
        org: str = "O1",
    ) -> Loan:
        """Take a loan."""
        loan_id = f"{self.customer_id}-L{len(self.loans) + 1}"
        loan = Loan(loan_id, self.customer_id, loan_class, currency, since, org)
        self.loans.append(loan.owes(amount, since=since))
        return loan

    def card(
        self,
        *,
        issued: date,
        kind: str = "credit",
        grade: str = "classic",
        expires: date = date(2030, 12, 31),
        org: str = "O1",
    ) -> Card:
        """Receive a valid card."""
        card_id = f"{self.customer_id}-K{len(self.cards) + 1}"
        card = Card(card_id, self.customer_id, kind, grade, issued, expires, org)
        self.cards.append(card.becomes("valid", on=issued))
        return card

    def moves_to(self, org: str, *, on: date) -> Customer:
        """Have another home org from the day on."""
        self.homes.set(on, org)
        return self

    def becomes(self, kind: str, *, on: date) -> Customer:
        """Be a person (P) or a corporate customer (C) from the day on."""
        self.kind.set(on, kind)
        return self

    def leaves(self, on: date) -> Customer:
        """End the relationship."""
        self.status.set(on, "closed")
        return self

    def returns(self, on: date) -> Customer:
        """Come back after leaving."""
        self.status.set(on, "active")
        return self

    def merges_into(self, other: str, *, on: date) -> Customer:
        """Be said to be another customer from the day on; the other record goes on."""
        self.golden.set(on, other)
        return self

    def parts(self, on: date) -> Customer:
        """Be a customer of its own again: the merge was wrong."""
        self.golden.set(on, None)
        return self
