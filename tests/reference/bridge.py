"""The AUM bridge in plain Python, written from chapter 5.2: every night, every holding, exact fractions.

It knows nothing of what the warehouse carries: each night it looks at everything that was delivered.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from tests.support.bank import Delivery

Row = dict[str, Any]
Key = tuple[str, str]
"""An account, and the product of a position; '' of a deposit."""

PARTS = (
    "scope", "fx", "new_money_in", "money_out", "transfer_in", "transfer_out", "own_transfer", "interest",
    "fee", "loan_flow", "overdraft", "investment_result",
)  # fmt: skip
_PART_OF_FLOW = {
    "interest": "interest",
    "fee": "fee",
    "loan": "loan_flow",
    "purchase": "investment_result",
    "redemption": "investment_result",
    "own_transfer": "own_transfer",
}


def cents(amount: Fraction) -> Decimal:
    """The amount rounded half up to the cent, half away from zero below it."""
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass
class Holding:
    """What is known of a holding on a night: share and weight by owner, rate, balance."""

    weights: dict[str, Fraction]
    rate: Fraction
    currency: str
    balance: Fraction

    @property
    def counted(self) -> Fraction:
        return max(self.balance, Fraction(0))


@dataclass
class Month:
    """Openings and parts of the customers in a month, not yet rounded."""

    openings: dict[str, Decimal]
    parts: dict[str, dict[str, Fraction]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(Fraction))
    )
    closings: dict[str, Decimal] = field(default_factory=dict)


class ReferenceBridge:
    """All months of the bridge of a bank, from its deliveries in order."""

    def __init__(self) -> None:
        self.months: dict[date, Month] = {}
        self._accounts: dict[str, Row] = {}
        self._owners: dict[str, dict[str, Fraction]] = {}
        self._products: dict[str, Row] = {}
        self._rates: dict[tuple[str, date], Fraction] = {}
        self._held: dict[Key, Holding] = {}
        self._known: dict[str, tuple[str, str, int]] = {}
        self._first: date | None = None
        self._last: Delivery | None = None

    def night(self, delivery: Delivery) -> None:
        """One batch."""
        day, rows = delivery.business_date, delivery.tables
        self._learn(delivery)
        self._products = {row["product_code"]: row for row in rows["product"]}
        self._rates |= {
            (row["currency"], row["rate_date"]): Fraction(row["mid_rate"]) for row in rows["fx_rate"]
        }
        if self._first is None:
            self._first = day
            self._held = self._before_the_first_night(delivery)
            opening = {name: cents(worth) for name, worth in _worth(self._held).items()}
            self.months[day.replace(day=1)] = Month(opening)
        self._move(day, delivery, rows.get("transaction", []))
        self._last = delivery

    def close(self, day: date) -> None:
        """A month's last day without a batch: its rates, balances as they were, no transaction."""
        assert self._last is not None
        self._move(day, self._last, [])

    def rows(self) -> dict[tuple[str, date], dict[str, Decimal]]:
        """By customer and month, what is not 0 of opening, parts, unexplained and closing."""
        found = {}
        for start, month in self.months.items():
            for customer in {*month.openings, *month.closings, *month.parts}:
                row = {part: cents(month.parts[customer][part]) for part in PARTS}
                opening = month.openings.get(customer, Decimal(0))
                closing = month.closings.get(customer, Decimal(0))
                row |= {"opening": opening, "closing": closing}
                row["unexplained"] = closing - opening - sum(row[part] for part in PARTS)
                row = {name: amount for name, amount in row.items() if amount}
                if row:
                    found[customer, start] = row
        return found

    def _learn(self, delivery: Delivery) -> None:
        for row in delivery.tables["account"]:
            if row.get("op") == "D":
                self._accounts.pop(row["account_id"], None)
            else:
                self._accounts[row["account_id"]] = row
        for row in delivery.tables.get("account_owner", []):
            shares = self._owners.setdefault(row["account_id"], {})
            if row.get("op") == "D":
                shares.pop(row["customer_id"], None)
            else:
                shares[row["customer_id"]] = Fraction(row["ownership_share"])

    def _rate(self, currency: str, day: date) -> Fraction:
        if currency == "CNY":
            return Fraction(1)
        known = [on for code, on in self._rates if code == currency and on <= day]
        return self._rates[currency, max(known)]

    def _weights(self, account: str, product: str) -> dict[str, Fraction]:
        row = self._products[product or self._accounts[account]["product_code"]]
        weight = Fraction(row["aum_weight"]) if row["is_in_aum"] else Fraction(0)
        owners = self._owners.get(account) or {self._accounts[account]["customer_id"]: Fraction(1)}
        return {owner: weight * share for owner, share in owners.items()}

    def _holding(self, account: str, product: str, balance: Decimal, day: date) -> Holding:
        currency = self._accounts[account]["currency"]
        return Holding(
            self._weights(account, product), self._rate(currency, day), currency, Fraction(balance)
        )

    def _delivered(self, delivery: Delivery, day: date) -> dict[Key, Holding]:
        told = [((row["account_id"], ""), row["balance"]) for row in delivery.tables["deposit_balance"]]
        told += [
            ((row["account_id"], row["product_code"]), row["market_value"])
            for row in delivery.tables["investment_position"]
        ]
        return {
            key: self._holding(*key, balance, day)
            for key, balance in told
            if self._accounts[key[0]]["status"] != "closed"
        }

    def _before_the_first_night(self, delivery: Delivery) -> dict[Key, Holding]:
        """The running month's history row, else last month's, else what the first night has."""
        day = delivery.business_date
        history: dict[date, dict[Key, Decimal]] = defaultdict(dict)
        for row in delivery.tables.get("monthly_balance_history", []):
            is_wealth = self._products[row["product_code"]]["asset_class"] == "wealth"
            key = (row["account_id"], row["product_code"] if is_wealth else "")
            history[row["balance_month"]][key] = row["month_end_balance"]
        this_month = day.replace(day=1)
        last_month = (this_month - timedelta(1)).replace(day=1)
        told = history.get(last_month, {}) | history.get(this_month, {})
        held = self._delivered(delivery, day)
        for key in {*held, *told}:
            is_new = self._accounts[key[0]]["open_date"] >= day
            own = held[key].balance if key in held and not is_new else Fraction(0)
            balance = Fraction(told[key]) if key in told else own
            held[key] = self._holding(
                *key, Decimal(balance.numerator) / balance.denominator, day - timedelta(1)
            )
        return held

    def _move(self, day: date, delivery: Delivery, transactions: Iterable[Row]) -> None:
        month = self._month(day)
        before, now = self._held, self._delivered(delivery, day)
        for key, held in before.items():
            if key not in now:
                # missing or closed: weight and currency of the night before, and empty
                now[key] = Holding(held.weights, self._rate(held.currency, day), held.currency, Fraction(0))
        for key, holding in now.items():
            old = before.get(key, Holding(holding.weights, holding.rate, holding.currency, Fraction(0)))
            for customer in {*holding.weights, *old.weights}:
                w, w0 = holding.weights.get(customer, Fraction(0)), old.weights.get(customer, Fraction(0))
                parts = month.parts[customer]
                parts["scope"] += (w - w0) * old.rate * old.counted
                parts["fx"] += w * (holding.rate - old.rate) * old.counted
                if key[1]:
                    parts["investment_result"] += w * holding.rate * (holding.counted - old.counted)
                else:
                    lifted = (holding.counted - holding.balance) - (old.counted - old.balance)
                    parts["overdraft"] += w * holding.rate * lifted
        for row in sorted(transactions, key=lambda row: row["reversed_txn_id"] is not None):
            self._book(row, day, now, month)
        delivered = self._delivered(delivery, day)
        month.closings = {name: cents(worth) for name, worth in _worth(delivered).items()}
        # a deposit that is missing goes on, empty, with the weight that tonight gives it
        self._held = delivered | {
            (account, ""): self._holding(account, "", Decimal(0), day)
            for account, row in self._accounts.items()
            if (account, "") not in delivered
            and self._products[row["product_code"]]["asset_class"] == "deposit"
        }

    def _month(self, day: date) -> Month:
        start = day.replace(day=1)
        if start not in self.months:
            self.months[start] = Month(self.months[max(self.months)].closings)
        return self.months[start]

    def _book(self, row: Row, day: date, now: dict[Key, Holding], month: Month) -> None:
        flow, direction, sign = self._flow(row)
        if row["txn_id"] in self._known:
            return
        self._known[row["txn_id"]] = (flow, direction, sign)
        assert self._first is not None
        holding = now.get((row["account_id"], ""))
        is_before = row["txn_date"] < self._first and day.replace(day=1) == self._first.replace(day=1)
        if holding is None or is_before:
            return
        part = _PART_OF_FLOW.get(flow)
        if part is None and flow == "bank_transfer":
            part = f"transfer_{direction}"
        part = part or ("new_money_in" if direction == "in" else "money_out")
        for customer, weight in holding.weights.items():
            amount = sign * Fraction(row["amount"]) * self._rate(row["currency"], day)
            month.parts[customer][part] += weight * amount

    def _flow(self, row: Row) -> tuple[str, str, int]:
        """Flow, in or out, and sign: a reversal counts minus the original, in the original's part."""
        original = self._known.get(row["reversed_txn_id"] or "")
        if original is not None:
            return original[0], original[1], -original[2]
        direction = row["direction"]
        sign = 1 if direction == "in" else -1
        kind, account = row["txn_type"], row["account_id"]
        if kind in ("interest", "fee", "loan", "purchase", "redemption", "cash"):
            return kind, direction, sign
        own = {self._accounts[account]["customer_id"], *self._owners.get(account, {})}
        if row["is_in_bank"]:
            return ("own_transfer" if row["counter_customer_id"] in own else "bank_transfer"), direction, sign
        return ("salary" if kind == "salary" else "outside"), direction, sign


def _worth(held: dict[Key, Holding]) -> dict[str, Fraction]:
    """Each customer's AUM."""
    worth: dict[str, Fraction] = defaultdict(Fraction)
    for holding in held.values():
        for customer, weight in holding.weights.items():
            worth[customer] += weight * holding.rate * holding.counted
    return worth
