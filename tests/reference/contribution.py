"""Contribution by the definitions of chapter 4, in plain Python and exact fractions: no SQL, no state.

Every day of a month is looked at again: its balance is what the last batch on or before it told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.support.bank import Bank
from tests.support.tables import INVESTMENTS, PRODUCTS
from tests.support.timeline import days, month_end, month_start

COMPONENTS = (
    "deposit_nii", "loan_nii", "fee_income", "direct_cost", "allocated_cost", "expected_loss",
)  # fmt: skip
HURDLE, CAPITAL = Fraction("0.12"), Fraction("0.105")
Key = tuple[str, str, date]
"""Account, product, month."""


def cents(value: Fraction) -> int:
    """Whole cents, halves away from zero."""
    size = abs(value) * 100
    whole = (2 * size.numerator + size.denominator) // (2 * size.denominator)
    return whole if value >= 0 else -whole


def largest_remainder(amount: int, weights: Mapping[Any, int | Fraction]) -> dict[Any, int]:
    """Cents split by weight; cents left over go to the largest remainders, ties to the first key."""
    total = sum(weights.values(), Fraction(0))
    exact = {key: abs(amount) * Fraction(weight) / total for key, weight in weights.items() if weight > 0}
    parts = {key: share.numerator // share.denominator for key, share in exact.items()}
    by_rest = sorted(parts, key=lambda key: (parts[key] - exact[key], key))
    for key in by_rest[: abs(amount) - sum(parts.values())]:
        parts[key] += 1
    return {key: part if amount >= 0 else -part for key, part in parts.items()}


def curve_rate(
    quotes: Mapping[tuple[str, int, date], Decimal], curve: str, on: date, tenor: int
) -> Fraction | None:
    """Rate of a tenor: linear between tenors, flat beyond the ends, the last date where one is missing."""
    dates = sorted({day for name, _, day in quotes if name == curve})
    if not dates:
        return None
    quoted = max((day for day in dates if day <= on), default=dates[0])
    points = sorted(
        (t, Fraction(rate)) for (name, t, day), rate in quotes.items() if (name, day) == (curve, quoted)
    )
    below = [point for point in points if point[0] <= tenor] or points[:1]
    above = [point for point in points if point[0] >= tenor] or points[-1:]
    (t0, r0), (t1, r1) = below[-1], above[0]
    rate = r0 if t0 == t1 else r0 + (r1 - r0) * Fraction(tenor - t0, t1 - t0)
    millionths = rate * 1_000_000
    size = abs(millionths)
    rounded = (2 * size.numerator + size.denominator) // (2 * size.denominator)
    return Fraction(rounded if rate >= 0 else -rounded, 1_000_000)


@dataclass
class Line:
    """A row of the ledger, in cents."""

    account: str
    product: str
    customer: str
    org: str
    source: str
    month: date
    average: int = 0
    balance_sum: Fraction = Fraction(0)
    transactions: int = 0
    components: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((*COMPONENTS, "capital_charge"), 0)
    )

    @property
    def contribution(self) -> int:
        return sum(self.components[name] for name in COMPONENTS)


@dataclass(frozen=True)
class _Contract:
    account: str
    customer: str
    org: str
    source: str
    currency: str
    opened: date
    matures: date | None
    rate: Fraction
    closed: date | None
    lines: Mapping[str, Any]


def ledger(bank: Bank, months: Iterable[date]) -> dict[Key, Line]:
    """Every line of every month that is over."""
    lines: dict[Key, Line] = {}
    for month in months:
        of_month = _balances(bank, month)
        _add_fees(bank, month, of_month)
        _add_costs(bank, month, of_month)
        _add_risks(bank, month, of_month)
        lines |= {
            key: line for key, line in of_month.items() if line.average or any(line.components.values())
        }
    return lines


def _contracts(bank: Bank) -> Iterable[_Contract]:
    for account in bank.accounts:
        source = "investment" if account.product_code in INVESTMENTS else "deposit"
        yield _Contract(
            account.account_id, account.customer_id, account.org_id, source, account.currency,
            account.opened, account.matures,
            Fraction(account.rate or 0) if source == "deposit" else Fraction(0),
            account.closed, account.lines,
        )  # fmt: skip
    for customer in bank.customers:
        for loan in customer.loans:
            yield _Contract(
                loan.loan_id, customer.customer_id, loan.org_id, "loan", loan.currency, loan.start,
                loan.matures, Fraction(loan.rate), None, {loan.product_code: loan.owed},
            )  # fmt: skip


def _card_contracts(bank: Bank) -> Iterable[_Contract]:
    """Credit cards: their product is the catalogue's that is sold as one; what is owed bears no interest."""
    product = next((row["product_code"] for row in bank.books.products if row["sales_product_code"]), None)
    for customer in bank.customers:
        for card in customer.cards:
            if product and card.owed.first:
                yield _Contract(
                    card.card_id, customer.customer_id, card.org_id, "card", "CNY", card.issued, None,
                    Fraction(0), None, {product: card.owed},
                )  # fmt: skip


def _balances(bank: Bank, month: date) -> dict[Key, Line]:
    products = {row["product_code"]: row for row in bank.books.products} | {
        code: {"day_count": 360, "ftp_curve_id": "C1", "asset_class": kind} for code, kind, *_ in PRODUCTS
    }
    found: dict[Key, Line] = {}
    calendar = days(month, month_end(month))
    for contract in (*_contracts(bank), *_card_contracts(bank)):
        for product, told in contract.lines.items():
            terms = products[product]
            balance_sum = interest = transfer = Fraction(0)
            is_told = False
            for day in calendar:
                night = max((n for n in bank.nights if n <= day), default=None)
                balance = None if night is None or contract.opened > night else told.at(night)
                is_told |= balance is not None
                if balance is None or (contract.closed is not None and contract.closed <= day):
                    continue
                worth = Fraction(balance) * _fx(bank, contract.currency, day)
                balance_sum += worth
                interest += worth * contract.rate
                if contract.source != "investment":
                    transfer += worth * (_transfer_rate(bank, contract, terms, day) or 0)
            if not is_told:
                continue
            line = Line(contract.account, product, contract.customer, contract.org, contract.source, month)
            line.balance_sum = balance_sum
            line.average = cents(balance_sum / len(calendar))
            if contract.source == "deposit" and terms["ftp_curve_id"]:
                line.components["deposit_nii"] = cents((transfer - interest) / terms["day_count"])
            if contract.source in ("loan", "card") and terms["ftp_curve_id"]:
                line.components["loan_nii"] = cents((interest - transfer) / terms["day_count"])
            line.transactions = sum(
                row["account_id"] == contract.account and month_start(row["txn_date"]) == month
                for _, row in bank.books.events.get("transaction", [])
            )
            found[contract.account, product, month] = line
    return found


def _transfer_rate(bank: Bank, contract: _Contract, terms: Mapping[str, Any], day: date) -> Fraction | None:
    if not terms["ftp_curve_id"]:
        return None
    if contract.matures is None:
        return curve_rate(bank.books.curves, terms["ftp_curve_id"], day, 0)
    tenor = (contract.matures - contract.opened).days
    return curve_rate(bank.books.curves, terms["ftp_curve_id"], contract.opened, tenor)


def _fx(bank: Bank, currency: str, day: date) -> Fraction:
    if currency == "CNY":
        return Fraction(1)
    return Fraction(bank.rates[max((c, d) for c, d in bank.rates if c == currency and d <= day)])


def _open_month(bank: Bank, arrived: date, month: date) -> date:
    """The month that an event counts in: its own, unless that was over before the batch that brought it."""
    night = min(n for n in bank.nights if n >= arrived)
    earlier = [n for n in bank.nights if n < night]
    last_open = month_start(days(earlier[-1], night)[1]) if earlier else month_start(night)
    return max(month_start(month), last_open)


def _add_fees(bank: Bank, month: date, lines: dict[Key, Line]) -> None:
    orgs: dict[tuple[str, str], set[str]] = defaultdict(set)
    fees = [
        row
        for on, row in bank.books.events.get("fee_income", [])
        if _open_month(bank, on, row["income_date"]) == month
    ]
    for row in fees:
        orgs[row["customer_id"], row["product_code"]].add(row["org_id"])
    for row in fees:
        customer, product, org = row["customer_id"], row["product_code"], row["org_id"]
        second = "" if org == min(orgs[customer, product]) else f":{org}"
        account = f"FEE:{customer}:{product}{second}"
        line = lines.setdefault(
            (account, product, month), Line(account, product, customer, org, "fee", month)
        )
        line.components["fee_income"] += cents(Fraction(row["amount"]))
        line.components["direct_cost"] -= cents(Fraction(row["direct_cost"]))


def _add_costs(bank: Bank, month: date, lines: dict[Key, Line]) -> None:
    parents = {"HQ": None, "O1": "HQ", "O2": "HQ"} | {
        row["org_id"]: row["parent_org_id"] for row in bank.books.orgs
    }
    accounts = {key: line for key, line in lines.items() if line.source != "fee"}
    keeping = {line.org for line in accounts.values()}
    for on, pool in bank.books.events.get("cost_pool", []):
        if _open_month(bank, on, pool["cost_month"]) != month:
            continue
        orgs = {pool["org_id"]} if pool["org_id"] in keeping else _below(parents, pool["org_id"])
        bearing = {key: line for key, line in accounts.items() if line.org in orgs}
        if not bearing:
            continue
        weights = _weights(pool["driver_code"], bearing)
        if not any(weights.values()):
            weights = _weights("accounts", bearing)
        parts = largest_remainder(
            cents(Fraction(pool["amount"])),
            {(a, p, bearing[a, p, m].source): w for (a, p, m), w in weights.items()},
        )
        for (account, product, _), part in parts.items():
            lines[account, product, month].components["allocated_cost"] -= part


def _below(parents: Mapping[str, str | None], org: str) -> set[str]:
    found = {org}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _weights(driver: str, lines: Mapping[Key, Line]) -> dict[Key, int]:
    if driver == "transactions":
        return {key: line.transactions for key, line in lines.items()}
    if driver == "balances":
        return {key: max(line.average, 0) for key, line in lines.items()}

    def group(line: Line) -> object:
        if driver == "customers":
            return line.customer, line.org
        return line.account

    sizes: dict[object, int] = defaultdict(int)
    for line in lines.values():
        sizes[group(line)] += 1
    # counted in millionths, halves up
    return {key: (2_000_000 + sizes[group(line)]) // (2 * sizes[group(line)]) for key, line in lines.items()}


def _add_risks(bank: Bank, month: date, lines: dict[Key, Line]) -> None:
    for line in lines.values():
        known = [
            (row["risk_month"], on, row)
            for on, row in bank.books.events.get("risk_parameter", [])
            if row["loan_id"] == line.account and row["risk_month"] <= month
        ]
        if line.source != "loan" or not known:
            continue
        row = max(known, key=lambda found: found[:2])[2]
        ead = Fraction(row["ead"])
        capital = CAPITAL if row["capital_rate"] is None else Fraction(row["capital_rate"])
        line.components["expected_loss"] = -cents(Fraction(row["pd"]) * Fraction(row["lgd"]) * ead / 12)
        line.components["capital_charge"] = -cents(ead * capital * HURDLE / 12)


def by_customer(bank: Bank, lines: Iterable[Line]) -> dict[tuple[str, date], dict[str, int]]:
    """Components by customer and month, joint accounts split by ownership share."""
    owners = {account.account_id: account.owners for account in bank.accounts if account.owners.entries}
    found: dict[tuple[str, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in lines:
        held = owners.get(line.account)
        shares = {line.customer: Fraction(1)} if held is None else {
            owner: Fraction(share) for owner, share in (held.at(bank.nights[-1]) or {}).items()
        }  # fmt: skip
        for name, amount in line.components.items():
            for owner, part in largest_remainder(amount, shares).items():
                found[owner, line.month][name] += part
    return found


def held_weights(bank: Bank, customer: str, month: date) -> dict[tuple[str, str], int]:
    """Days of the month × participation in hundred thousandths by manager and org; the rest is UNASSIGNED."""
    weights: dict[tuple[str, str], int] = defaultdict(int)
    calendar = days(month, month_end(month))
    for row in bank.books.assignments:
        if row["customer_id"] == customer:
            held = sum(
                row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
                for day in calendar
            )
            weights[row["employee_id"], row["org_id"]] += held * int(row["participation"] * 100_000)
    rest = len(calendar) * 100_000 - sum(weights.values())
    return {key: weight for key, weight in ({**weights, ("UNASSIGNED", ""): rest}).items() if weight > 0}


def change(before: Mapping[Key, Line], now: Mapping[Key, Line]) -> dict[str, int]:
    """Volume, rate and new or closed of one customer's lines (keys of one month); mix is the rest."""
    parts = dict.fromkeys(("volume", "rate", "new_closed"), 0)
    for key in {*before, *now}:
        old, new = before.get(key), now.get(key)
        if (old or new).source == "fee":  # type: ignore[union-attr]
            continue
        if old is None or new is None:
            parts["new_closed"] += (new.contribution if new else 0) - (old.contribution if old else 0)
            continue
        sum_0, sum_1 = (line.average * len(days(line.month, month_end(line.month))) for line in (old, new))
        nii_0, nii_1 = (line.components["deposit_nii"] + line.components["loan_nii"] for line in (old, new))
        if not sum_0 or abs(nii_0) > abs(sum_0):
            parts["volume"] += nii_1 - nii_0
            continue
        parts["volume"] += cents(Fraction((sum_1 - sum_0) * nii_0, 100 * sum_0))
        if sum_1 and abs(nii_1) <= abs(sum_1):
            parts["rate"] += cents(Fraction(sum_0 * nii_1, 100 * sum_1)) - nii_0
    return parts
