"""Events of chapter 5.3 once more in plain Python: of transactions, loans, due dates and AUM.

Written from the specification, from what the batches say. Every customer is of one group, so a rule is
one row by event; what needs a tier is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.support.bank import Delivery

Row = dict[str, Any]
CLASSES = ("normal", "special_mention", "substandard", "doubtful", "loss")
STAGES = (1, 30, 60, 90)


@dataclass(frozen=True)
class Limits:
    """Thresholds of the rules that hold for everybody."""

    large: Decimal
    borrower: Decimal
    line: Decimal
    moved_away: Decimal
    frequent_cnt: int = 5
    frequent_amt: Decimal = Decimal(10000)


@dataclass(frozen=True)
class Told:
    """An event, as far as it is compared."""

    event_code: str
    customer_id: str
    key: tuple[object, ...]
    event_date: date
    amount: Decimal | None
    count: int | None
    night: date

    @property
    def said(self) -> tuple[object, ...]:
        """What the feed shows of it, whichever night told it."""
        return self.event_code, self.customer_id, self.event_date, self.amount, self.count


def feed(batches: Sequence[Delivery], limits: Limits) -> list[Told]:
    """Every event of some batches in order of business date, told once."""
    told: list[Told] = []
    known: set[tuple[str, tuple[object, ...]]] = set()
    for index in range(len(batches)):
        for event in _Night(batches[: index + 1], limits, told).events():
            if (event.event_code, event.key) not in known:
                known.add((event.event_code, event.key))
                told.append(event)
    return told


class _Night:
    def __init__(self, batches: Sequence[Delivery], limits: Limits, told: Sequence[Told]) -> None:
        self.batch = batches[-1]
        self.day = self.batch.business_date
        self.limits, self.told = limits, told
        self.before = batches[-2] if len(batches) > 1 else None
        self.history = batches
        self.owner = self._latest("account", "account_id")
        self.loans = self._latest("loan", "loan_id")
        seen: set[str] = set()
        self.transactions: list[tuple[date, Row]] = []
        for earlier in batches:
            for row in earlier.tables["transaction"]:
                if row["txn_id"] not in seen:
                    seen.add(row["txn_id"])
                    self.transactions.append((earlier.business_date, row))

    def events(self) -> list[Told]:
        """What the night finds, whether or not it has been told."""
        found = [*self._large(), *self._frequent(), *self._moved_away(), *self._debts(), *self._due()]
        return [*found, *self._below(), *self._gaps()]

    def _event(
        self,
        code: str,
        customer: str,
        key: tuple[object, ...],
        on: date,
        amount: Decimal | None = None,
        count: int | None = None,
    ) -> Told:
        return Told(code, customer, key, on, amount, count, self.day)

    def _latest(self, table: str, key: str) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for batch in self.history:
            for row in batch.tables.get(table, []):
                rows[row[key]] = row
        return rows

    def _customer(self, row: Row) -> str:
        return str(self.owner[row["account_id"]]["customer_id"])

    def _flow(self, row: Row) -> str:
        if row["txn_type"] in ("interest", "fee", "loan", "purchase", "redemption", "cash"):
            return str(row["txn_type"])
        if row["is_in_bank"]:
            own = row.get("counter_customer_id") == self._customer(row)
            return "own_transfer" if own else "bank_transfer"
        return "salary" if row["txn_type"] == "salary" else "outside"

    def _fresh(self) -> list[Row]:
        return [
            row
            for night, row in self.transactions
            if night == self.day and row["txn_date"] >= self.day - timedelta(7)
        ]

    def _large(self) -> list[Told]:
        borrowers = {
            self.loans[row["loan_id"]]["customer_id"]
            for row in self.batch.tables["loan_balance"]
            if row["balance"] > 0
        }
        found = []
        for row in self._fresh():
            if self._flow(row) not in ("cash", "salary", "outside", "bank_transfer"):
                continue
            customer, is_in = self._customer(row), row["direction"] == "in"
            codes = {"large_inflow" if is_in else "large_outflow": self.limits.large}
            if not is_in and customer in borrowers:
                codes["borrower_outflow"] = self.limits.borrower
            found += [
                self._event(code, customer, (row["txn_id"],), row["txn_date"], row["amount"])
                for code, threshold in codes.items()
                if row["amount"] >= threshold
            ]
        return found

    def _outs(self, flows: tuple[str, ...], days: int, customer: str) -> list[Row]:
        first = self.day - timedelta(days - 1)
        return [
            row
            for _, row in self.transactions
            if row["direction"] == "out"
            and self._flow(row) in flows
            and first <= row["txn_date"] <= self.day
            and self._customer(row) == customer
        ]

    def _movers(self, flows: tuple[str, ...]) -> list[str]:
        return sorted(
            {
                self._customer(row)
                for row in self._fresh()
                if row["direction"] == "out" and self._flow(row) in flows
            }
        )

    def _rests(self, code: str, customer: str) -> bool:
        return any(
            event.event_code == code
            and event.customer_id == customer
            and event.night > self.day - timedelta(30)
            for event in self.told
        )

    def _frequent(self) -> list[Told]:
        code, found = "frequent_outside_transfers", []
        for customer in self._movers(("outside",)):
            outs = self._outs(("outside",), 30, customer)
            amount = sum((row["amount"] for row in outs), Decimal(0))
            is_reached = len(outs) >= self.limits.frequent_cnt and amount >= self.limits.frequent_amt
            if is_reached and not self._rests(code, customer):
                found.append(self._event(code, customer, (customer, self.day), self.day, amount, len(outs)))
        return found

    def _moved_away(self) -> list[Told]:
        code, flows, found = "funds_moved_away", ("cash", "salary", "outside"), []
        base = [batch for batch in self.history if batch.business_date <= self.day - timedelta(7)]
        for customer in self._movers(flows) if base else []:
            before = self._aum(base[-1], customer)
            amount = sum((row["amount"] for row in self._outs(flows, 7, customer)), Decimal(0))
            if amount >= self.limits.moved_away and 2 * amount >= before and not self._rests(code, customer):
                found.append(self._event(code, customer, (customer, self.day), self.day, amount))
        return found

    def _aum(self, batch: Delivery, customer: str) -> Decimal:
        rows = batch.tables["deposit_balance"]
        return sum((row["balance"] for row in rows if self._customer(row) == customer), Decimal(0))

    def _below(self) -> list[Told]:
        if self.before is None:
            return []
        customers = sorted({row["customer_id"] for row in self.owner.values()})
        found = []
        for customer in customers:
            now = self._aum(self.batch, customer)
            if self._aum(self.before, customer) >= self.limits.line > now:
                found.append(self._event("balance_below", customer, (customer, self.day), self.day, now))
        return found

    def _debts(self) -> list[Told]:
        if self.before is None:
            return []
        earlier = {row["loan_id"]: row for row in self.before.tables["loan_balance"]}
        found = []
        for row in self.batch.tables["loan_balance"]:
            last, loan = earlier.get(row["loan_id"]), row["loan_id"]
            if last is None:
                continue
            customer, overdue = (
                self.loans[loan]["customer_id"],
                row["overdue_principal"] + row["overdue_interest"],
            )
            now, then = row["days_past_due"], last["days_past_due"]
            reached = [stage for stage in STAGES if then < stage <= now]
            if reached:
                start = self.day - timedelta(now - 1)
                found.append(
                    self._event("loan_overdue", customer, (loan, max(reached), start), self.day, overdue, now)
                )
            if row["overdue_interest"] > 0 == last["overdue_interest"]:
                found.append(
                    self._event(
                        "interest_arrears", customer, (loan, self.day), self.day, row["overdue_interest"]
                    )
                )
            rank, before = CLASSES.index(row["five_class"]), CLASSES.index(last["five_class"])
            if rank > before:
                found.append(
                    self._event(
                        "class_downgrade", customer, (loan, self.day), self.day, row["balance"], rank + 1
                    )
                )
        return found

    def _due(self) -> list[Told]:
        later = [
            row["calendar_date"]
            for row in self.batch.tables["calendar"]
            if row["is_business_day"] and row["calendar_date"] > self.day
        ]
        silent = min(later, default=self.day + timedelta(1)) - timedelta(1)
        found = []
        for row in self._latest("customer", "customer_id").values():
            if row["birth_date"] is not None:
                for ahead in range((silent - self.day).days + 4):
                    on = self.day + timedelta(ahead)
                    if (on.month, on.day) == (row["birth_date"].month, row["birth_date"].day):
                        found.append(
                            self._event("birthday", row["customer_id"], (row["customer_id"], on), on)
                        )
        balances = {row["account_id"]: row["balance"] for row in self.batch.tables["deposit_balance"]}
        for account, row in self.owner.items():
            on, amount = row["maturity_date"], balances.get(account, Decimal(0))
            if on is not None and amount > 0 and self.day <= on <= silent + timedelta(30):
                found.append(self._event("account_maturing", row["customer_id"], (account, on), on, amount))
        return found

    def _gaps(self) -> list[Told]:
        found = []
        for event in self.told:
            end = event.event_date + timedelta(14)
            is_due = self.before is not None and self.before.business_date < end <= self.day
            if event.event_code == "large_inflow" and is_due:
                bought = any(
                    self._flow(row) == "purchase"
                    and self._customer(row) == event.customer_id
                    and event.event_date <= row["txn_date"] <= end
                    for _, row in self.transactions
                )
                if not bought:
                    found.append(
                        self._event(
                            "inflow_then_purchase_gap", event.customer_id, event.key, end, event.amount
                        )
                    )
        return found
