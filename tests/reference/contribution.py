"""Contribution by the definitions of chapter 4, in plain Python and exact fractions: no SQL, no state.

Every day of a month is looked at again: its balance is what the last batch on or before it told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.contribution_costs import add_costs
from tests.reference.contribution_line import (
    CAPITAL,
    HURDLE,
    NO_RATES,
    Key,
    Line,
    Rates,
    cents,
    curve_rate,
    open_month,
    recorded_from,
)  # fmt: skip
from tests.support.bank import Bank
from tests.support.tables import INVESTMENTS, PRODUCTS
from tests.support.timeline import Timeline, days, month_end


@dataclass(frozen=True)
class _Contract:
    account: str
    customer: str
    product: str
    orgs: Timeline[str]
    source: str
    currency: str
    opened: date
    matures: date | None
    rate: Fraction
    closed: date | None
    lines: Mapping[str, Any]
    owners: Timeline[dict[str, Decimal]]
    has_history: bool

    def known(self, bank: Bank, day: date) -> date:
        """The night whose word on the contract holds on a day: what was known first holds before, too."""
        first = next(night for night in bank.nights if night >= self.opened)
        return max([night for night in bank.nights if night <= day and night >= first], default=first)

    def org(self, bank: Bank, day: date) -> str:
        return self.orgs.at(self.known(bank, day)) or ""

    def shares(self, bank: Bank, day: date) -> dict[str, Fraction]:
        held = self.owners.at(self.known(bank, day))
        return (
            {owner: Fraction(share) for owner, share in held.items()}
            if held
            else {self.customer: Fraction(1)}
        )

    @property
    def is_fixed_term(self) -> bool:
        """Whether it has a maturity; 9999-12-31 means that there is none."""
        return self.matures is not None and self.matures.year < 9999

    def is_open(self, day: date) -> bool:
        return self.opened <= day and (self.closed is None or day < self.closed)


def ledger(bank: Bank, months: Iterable[date], rates: Rates = NO_RATES) -> dict[Key, Line]:
    """Every line of every month that is over."""
    lines: dict[Key, Line] = {}
    for month in months:
        of_month = _balances(bank, month, rates)
        _add_fees(bank, month, of_month, rates)
        add_costs(bank, month, of_month)
        _add_risks(bank, month, of_month)
        lines |= {
            key: line
            for key, line in of_month.items()
            if line.average or any(line.components.values()) or line.tax or line.reserve_cost
        }
    return lines


def _contracts(bank: Bank) -> Iterable[_Contract]:
    nobody: Timeline[dict[str, Decimal]] = Timeline()
    for account in bank.accounts:
        source = "investment" if account.product_code in INVESTMENTS else "deposit"
        yield _Contract(
            account.account_id, account.customer_id, account.product_code, account.orgs, source,
            account.currency, account.opened, account.matures,
            Fraction(account.rate or 0) if source == "deposit" else Fraction(0),
            account.closed, account.lines, account.owners, True,
        )  # fmt: skip
    for customer in bank.customers:
        for loan in customer.loans:
            yield _Contract(
                loan.loan_id, customer.customer_id, loan.product_code, loan.orgs, "loan", loan.currency,
                loan.start, loan.matures, Fraction(loan.rate), None, {loan.product_code: loan.owed}, nobody,
                bank.with_loan_history,
            )  # fmt: skip
    # credit cards: their product is the catalogue's that is sold as one; what is owed bears no interest
    product = next((row["product_code"] for row in bank.books.products if row["sales_product_code"]), None)
    for customer in bank.customers:
        for card in customer.cards:
            if product and card.owed.first:
                yield _Contract(
                    card.card_id, customer.customer_id, product, Timeline({card.issued: card.org_id}),
                    "card", "CNY", card.issued, None, Fraction(0), None, {product: card.owed}, nobody, False,
                )  # fmt: skip


@dataclass
class _Sums:
    """What the days of one org add up to."""

    balance: Fraction = Fraction(0)
    interest: Fraction = Fraction(0)
    transfer: Fraction = Fraction(0)
    owners: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))


def _balances(bank: Bank, month: date, rates: Rates) -> dict[Key, Line]:
    products = {row["product_code"]: row for row in bank.books.products} | {
        code: {"day_count": 360, "ftp_curve_id": "C1", "asset_class": kind} for code, kind, *_ in PRODUCTS
    }
    found: dict[Key, Line] = {}
    for contract in _contracts(bank):
        held = _held(bank, contract, month)
        told = {
            product: by_org
            for product, line in contract.lines.items()
            if (by_org := _sums(bank, contract, line, products[product], month)) is not None
        }
        for product, by_org in told.items():
            # an org that kept it empty bears its days; positions of a product are where they are told
            for org in {*by_org, *(held if contract.source != "investment" else ())}:
                sums, key = by_org.get(org, _Sums()), (contract.account, product, org, month)
                found[key] = _line(bank, contract, key, sums, held, products[product], rates)
        if not told:
            _add_transactions_only(bank, contract, month, held, found)
    return found


def _held(bank: Bank, contract: _Contract, month: date) -> dict[str, dict[str, Fraction]]:
    """Days of the month × share, by org and owner."""
    found: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    if contract.opened <= bank.nights[-1]:
        for day in days(max(month, recorded_from(bank)), month_end(month)):
            if contract.is_open(day):
                for owner, share in contract.shares(bank, day).items():
                    found[contract.org(bank, day)][owner] += share
    return found


def _sums(
    bank: Bank, contract: _Contract, line: Timeline[Decimal], terms: Mapping[str, Any], month: date
) -> dict[str, _Sums] | None:
    """Sums of the month's days by org; None of what no batch tells in the month."""
    found: dict[str, _Sums] = defaultdict(_Sums)
    is_told = False
    history = [day for day in days(month, month_end(month)) if day < bank.start and contract.has_history]
    for day in days(month, month_end(month)):
        night = max((n for n in bank.nights if n <= day), default=None)
        value = line.at(day) if day in history else line.at(night) if night else None
        if value is None or (night is not None and contract.opened > night):
            continue
        org = contract.org(bank, day)
        is_told = True
        found[org] = found[org]
        if day not in history and not contract.is_open(day):
            continue
        # the history tells sums: they are worth what the last day before the first night is
        worth = Fraction(value) * _fx(
            bank, contract.currency, bank.start - timedelta(1) if day in history else day
        )
        sums = found[org]
        sums.balance += worth
        sums.interest += worth * contract.rate
        if contract.source != "investment" and terms["ftp_curve_id"]:
            open_days = [each for each in history if contract.is_open(each)] if day in history else [day]
            prices = [_transfer_rate(bank, contract, terms, each) or Fraction(0) for each in open_days]
            sums.transfer += worth * sum(prices) / len(prices)
        for owner, share in contract.shares(bank, day).items():
            sums.owners[owner] += worth * share
    return dict(found) if is_told else None


def _line(
    bank: Bank, contract: _Contract, key: Key, sums: _Sums, held: Mapping[str, Mapping[str, Fraction]],
    terms: Mapping[str, Any], rates: Rates,
) -> Line:  # fmt: skip
    _, product, org, month = key
    line = Line(contract.account, product, contract.customer, org, contract.source, month)
    line.balance_sum = sums.balance
    line.average = cents(sums.balance / len(days(month, month_end(month))))
    line.balance_weights, line.day_weights = sums.owners, dict(held.get(org, {}))
    open_days = sum((sum(owners.values()) for owners in held.values()), Fraction(0))
    if open_days:
        line.held = sum(line.day_weights.values(), Fraction(0)) / open_days
    curve, year = terms["ftp_curve_id"], terms["day_count"]
    if contract.source == "deposit" and curve:
        line.components["deposit_nii"] = cents((sums.transfer - sums.interest) / year)
        reserve = sums.transfer - sums.balance * rates.reserve_rate
        line.reserve_cost = -cents(reserve * rates.reserve_ratio / year)
    if contract.source in ("loan", "card"):
        if curve:
            line.components["loan_nii"] = cents((sums.interest - sums.transfer) / year)
        line.tax = -cents(sums.interest * rates.tax_rate / year)
    line.is_rate_assumed = (
        bool(curve) and contract.source != "investment" and _is_assumed(bank, contract, curve, month)
    )
    line.transactions = sum(
        contract.org(bank, row["txn_date"]) == org for row in _transactions(bank, contract, month)
    )
    return line


def _transactions(bank: Bank, contract: _Contract, month: date) -> list[Mapping[str, Any]]:
    return [
        row
        for on, row in bank.books.events.get("transaction", [])
        if row["account_id"] == contract.account
        and open_month(bank, on, row["txn_date"]) == month
        and not (on <= bank.start and row["txn_date"] < month)
    ]


def _add_transactions_only(
    bank: Bank,
    contract: _Contract,
    month: date,
    held: Mapping[str, Mapping[str, Fraction]],
    found: dict[Key, Line],
) -> None:
    """An account of which only transactions are known stands under its own product."""
    for row in _transactions(bank, contract, month):
        org, product = contract.org(bank, row["txn_date"]), contract.product
        key = contract.account, product, org, month
        line = found.setdefault(
            key, Line(contract.account, product, contract.customer, org, contract.source, month)
        )
        line.day_weights = dict(held.get(org, {}))
        line.transactions += 1


def _is_assumed(bank: Bank, contract: _Contract, curve: str, month: date) -> bool:
    first = min(day for name, _, day in bank.books.curves if name == curve)
    recorded = month if contract.has_history else max(month, bank.start)
    return (contract.opened if contract.is_fixed_term else max(contract.opened, recorded)) < first


def _transfer_rate(bank: Bank, contract: _Contract, terms: Mapping[str, Any], day: date) -> Fraction | None:
    if not terms["ftp_curve_id"]:
        return None
    if contract.matures is None or not contract.is_fixed_term:
        return curve_rate(_told_curves(bank, day), terms["ftp_curve_id"], day, 0)
    tenor = (contract.matures - contract.opened).days
    return curve_rate(_told_curves(bank, day), terms["ftp_curve_id"], contract.opened, tenor)


def _told_curves(bank: Bank, day: date) -> dict[tuple[str, int, date], Decimal]:
    """Quotes that the day's month knows: what no batch dated in it told, a closed month does without."""
    coming = min((night for night in bank.nights if night >= day), default=None)
    if coming is not None and (coming <= month_end(day) or coming == bank.start):
        told_by = coming
    else:
        told_by = max(night for night in bank.nights if night < day)
    return {key: rate for key, rate in bank.books.curves.items() if key[2] <= told_by}


def _fx(bank: Bank, currency: str, day: date) -> Fraction:
    if currency == "CNY":
        return Fraction(1)
    return Fraction(bank.rates[max((c, d) for c, d in bank.rates if c == currency and d <= day)])


def _add_fees(bank: Bank, month: date, lines: dict[Key, Line], rates: Rates) -> None:
    for on, row in bank.books.events.get("fee_income", []):
        if open_month(bank, on, row["income_date"]) != month:
            continue
        if min(n for n in bank.nights if n >= on) == bank.start and row["income_date"] < month:
            continue
        customer, product, org = row["customer_id"], row["product_code"], row["org_id"]
        account = f"FEE:{customer}:{product}"
        line = lines.setdefault(
            (account, product, org, month), Line(account, product, customer, org, "fee", month)
        )
        line.components["fee_income"] += cents(Fraction(row["amount"]))
        line.components["direct_cost"] -= cents(Fraction(row["direct_cost"]))
        line.tax = -cents(Fraction(line.components["fee_income"], 100) * rates.tax_rate)


def _add_risks(bank: Bank, month: date, lines: dict[Key, Line]) -> None:
    calendar = days(month, month_end(month))
    recorded = Fraction(sum(day >= recorded_from(bank) for day in calendar), len(calendar))
    for line in lines.values():
        known = [
            (row["risk_month"], on, row)
            for on, row in bank.books.events.get("risk_parameter", [])
            if row["loan_id"] == line.account and row["risk_month"] <= month
        ]
        if line.source != "loan" or not known:
            continue
        row = max(known, key=lambda found: found[:2])[2]
        ead, part = Fraction(row["ead"]), recorded * line.held / 12
        capital = CAPITAL if row["capital_rate"] is None else Fraction(row["capital_rate"])
        line.components["expected_loss"] = -cents(Fraction(row["pd"]) * Fraction(row["lgd"]) * ead * part)
        line.components["capital_charge"] = -cents(ead * capital * HURDLE * part)
