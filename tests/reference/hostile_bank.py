"""A seeded bank with raw extracts as odd as real ones: late, repeated, reversed, shared, foreign, missing.

Everything is said in contract rows. Balances follow the batch that brings a transaction, mostly.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.bank import Delivery, Row, changed_rows
from tests.support.timeline import add_months, days, month_start

ZERO = Decimal(0)
ONE_DAY = timedelta(1)
_TYPES = ("cash", "transfer", "transfer", "transfer", "interest", "fee", "salary", "purchase", "redemption")
_EDGES = (
    "20000.00",
    "49999.99",
    "50000.00",
    "200000.00",
    "1000000.00",
    "100000.00",
    "5000000.00",
    "10000.00",
)
_PRODUCTS = (
    # code, class, line, in AUM, weight
    ("CUR", "deposit", "current", True, "1"),
    ("SAV", "deposit", "saving", True, "1"),
    ("OUTD", "deposit", "saving", False, "1"),
    ("SETT", "settlement", "settlement", True, "0.3"),
    ("FUND", "wealth", "fund", True, "1"),
    ("HALF", "wealth", "fund", True, "0.5"),
    ("OUTW", "wealth", "insurance", False, "1"),
    ("LOAN", "loan", "loan", False, "1"),
)
_DEPOSITS = ("CUR", "CUR", "SAV", "OUTD", "SETT")
_POSITIONS = ("FUND", "HALF", "OUTW")
_CLASSES = ("normal", "special_mention", "substandard", "doubtful", "loss")
_KEYS = {
    "customer": ("customer_id",),
    "account": ("account_id",),
    "account_owner": ("account_id", "customer_id"),
    "loan": ("loan_id",),
    "card": ("card_id",),
    "assignment": ("assignment_id",),
    "repayment_schedule": ("loan_id", "term_no"),
    "customer_relation": ("customer_id", "related_id", "relation_type"),
    "consent": ("customer_id", "purpose"),
}


@dataclass
class HostileBank:
    """A bank of one seed; ``deliveries`` says its batches.

    Attributes:
        first: Business date of the initial load.
        last: No batch after it.
    """

    seed: int
    first: date = date(2024, 1, 4)
    last: date = date(2024, 4, 12)
    size: int = 24
    night_share: float = 0.5
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        weekdays = [day for day in days(self.first, self.last) if day.weekday() < 5]
        self.nights = [self.first] + [day for day in weekdays[1:] if self.random.random() < self.night_share]
        self.state: dict[str, dict[Any, Row]] = {name: {} for name in _KEYS}
        self.balances: dict[str, Decimal] = {}
        self.positions: dict[tuple[str, str], Decimal] = {}
        self.loans: dict[str, Row] = {}
        self.cards: dict[str, Row] = {}
        self.products = {code: self._product(code, *rest) for code, *rest in _PRODUCTS}
        self.rates: list[Row] = []
        self.waiting: list[tuple[date, Row]] = []
        self.sent: list[tuple[date, Row]] = []
        self.trades: list[Row] = []
        self.numbers = 0

    def deliveries(self) -> list[Delivery]:
        """All batches."""
        self._people()
        found = []
        previous: date | None = None
        before: dict[str, list[Row]] = {}
        for night in self.nights:
            if previous:
                self._live(night)
            for day in days((previous or night - timedelta(130)) + ONE_DAY, night):
                self._spend(day, night)
            events = self._arrive(night)
            content: dict[str, list[Row]] = self._full(night) | events
            loads = dict.fromkeys(content, "full") | dict.fromkeys(events, "append")
            now = {name: [dict(row) for row in rows.values()] for name, rows in self.state.items()}
            for name, key in _KEYS.items():
                content[name] = changed_rows(before[name], now[name], key) if previous else now[name]
                loads[name] = "delta" if previous else "full"
            if previous is None:
                content["monthly_balance_history"] = self._history()
                loads["monthly_balance_history"] = "append"
            before = now
            found.append(Delivery(night, 1, previous is None, content, loads))
            previous = night
        return found

    def _people(self) -> None:
        rand = self.random
        for n in range(1, self.size + 1):
            self._customer(
                f"C{n:02}", "C" if n % 5 == 0 else "P", self.first - timedelta(rand.randint(200, 3000))
            )
        for n in range(1, self.size + 1):
            for _ in range(rand.choice((1, 1, 2, 3))):
                self._account(f"C{n:02}", self.first - timedelta(rand.randint(1, 190)), is_old=True)
            if rand.random() < 0.5:
                self._loan(f"C{n:02}")
            if rand.random() < 0.6:
                self._card(f"C{n:02}")
        for n in range(1, 4):
            one, other = rand.sample([f"C{n:02}" for n in range(1, self.size + 1)], 2)
            kind = ("group_parent", "guarantor", "household")[n % 3]
            self.state["customer_relation"][one, other, kind] = {
                "customer_id": one,
                "related_id": other,
                "relation_type": kind,
                "share": None,
                "valid_from": date(2020, 1, 1),
                "valid_to": None,
            }

    def _customer(self, name: str, kind: str, opened: date) -> None:
        rand = self.random
        born = rand.choice(
            (date(1980, 2, 29), date(1975, 1, rand.randint(1, 28)), date(1990, rand.randint(1, 5), 3))
        )
        self.state["customer"][name] = {
            "customer_id": name,
            "customer_type": kind,
            "customer_name": f"客户 {name}",
            "birth_date": born if kind == "P" and rand.random() < 0.8 else None,
            "mobile": "13800000000" if rand.random() < 0.8 else None,
            "first_open_date": opened,
            "home_org_id": rand.choice(("O1", "O2")),
            "is_employee": False,
            "status": "active",
            "golden_id": None,
        }
        if rand.random() < 0.7:
            self.state["assignment"]["A" + name] = {
                "assignment_id": "A" + name,
                "customer_id": name,
                "employee_id": rand.choice(("E1", "E2", "E3")),
                "org_id": "O1",
                "role": "main",
                "participation": Decimal(1),
                "valid_from": date(2020, 1, 1),
                "valid_to": None,
                "change_reason": "assign",
                "recorded_at": datetime(2020, 1, 1),
            }
        for purpose, chance in (("marketing", 0.8), ("do_not_contact", 0.1)):
            if rand.random() < chance:
                self.state["consent"][name, purpose] = {
                    "customer_id": name,
                    "purpose": purpose,
                    "granted_at": datetime(2021, 1, 1),
                    "withdrawn_at": rand.choice((None, None, datetime(2024, 2, 8))),
                }

    def _account(self, customer: str, opened: date, *, is_old: bool = False) -> str:
        rand = self.random
        self.numbers += 1
        account_id = f"N{self.numbers:03}"
        is_fund = rand.random() < 0.3
        product = "FUND" if is_fund else rand.choice(_DEPOSITS)
        self.state["account"][account_id] = {
            "account_id": account_id,
            "customer_id": customer,
            "product_code": product,
            "org_id": rand.choice(("O1", "O2")),
            "currency": rand.choice(("CNY", "CNY", "CNY", "USD", "JPY")),
            "open_date": opened,
            "close_date": None,
            "maturity_date": self.first + timedelta(rand.randint(-5, 140)) if rand.random() < 0.5 else None,
            "interest_rate": None,
            "status": "open",
        }
        scale = rand.choice((1000, 60000, 250000, 700000, 6000000)) if is_old else 0
        amount = Decimal(rand.randint(0, scale * 100)) / 100
        if is_fund:
            for code in rand.sample(_POSITIONS, rand.choice((1, 2))):
                self.positions[account_id, code] = amount
        else:
            self.balances[account_id] = amount
        if rand.random() < 0.3:
            self._share(account_id, customer)
        return account_id

    def _share(self, account_id: str, customer: str) -> None:
        """Say the owners of an account anew."""
        for key in [key for key in self.state["account_owner"] if key[0] == account_id]:
            del self.state["account_owner"][key]
        others = [name for name in self.state["customer"] if name != customer]
        shares = self.random.choice(
            (("0.5", "0.5"), ("1", "0"), ("0.333333", "0.666667"), ("0.7", "0.2", "0.1"), ())
        )
        owners = [customer, *self.random.sample(others, 2)]
        for owner, share in zip(owners, shares, strict=False):
            self.state["account_owner"][account_id, owner] = {
                "account_id": account_id,
                "customer_id": owner,
                "ownership_share": Decimal(share),
            }

    def _loan(self, customer: str) -> None:
        rand = self.random
        loan_id = "L" + customer
        self.state["loan"][loan_id] = {
            "loan_id": loan_id,
            "customer_id": customer,
            "product_code": "LOAN",
            "loan_class": rand.choice(("mortgage", "unsecured", "guaranteed")),
            "org_id": "O1",
            "manager_id": None,
            "currency": rand.choice(("CNY", "CNY", "USD")),
            "principal": Decimal(500000),
            "interest_rate": Decimal("0.05"),
            "start_date": date(2022, 1, 1),
            "maturity_date": self.first + timedelta(rand.randint(0, 150)),
        }
        self.loans[loan_id] = {
            "loan_id": loan_id,
            "balance": Decimal(rand.choice((0, 100000, 400000, 2000000))),
            "overdue_principal": ZERO,
            "overdue_interest": ZERO,
            "days_past_due": rand.choice((0, 0, 5)),
            "five_class": "normal",
        }
        for term in range(1, 6):
            self.state["repayment_schedule"][loan_id, term] = {
                "loan_id": loan_id,
                "term_no": term,
                "due_date": add_months(self.first, term - 1) + timedelta(rand.randint(0, 27)),
                "due_principal": Decimal(1000),
                "due_interest": Decimal(50),
                "paid_date": None,
                "paid_amount": None,
            }

    def _card(self, customer: str) -> None:
        rand = self.random
        card_id = "K" + customer
        self.state["card"][card_id] = {
            "card_id": card_id,
            "customer_id": customer,
            "card_kind": rand.choice(("credit", "credit", "debit")),
            "card_grade": rand.choice(("classic", "gold", "diamond")),
            "org_id": "O2",
            "issue_date": date(2020, 1, 1),
            "expiry_date": self.first + timedelta(rand.randint(0, 200)),
            "status": rand.choice(("valid", "valid", "frozen")),
            "credit_limit": Decimal(50000),
        }
        if self.state["card"][card_id]["card_kind"] == "credit":
            self.cards[card_id] = {
                "card_id": card_id,
                "balance": Decimal(rand.randint(0, 5000)),
                "min_due": None,
                "due_date": None,
                "days_past_due": 0,
            }

    def _live(self, night: date) -> None:
        """What changes on a night but for transactions."""
        rand = self.random
        for row in list(self.state["account"].values()):
            account_id, chance = row["account_id"], rand.random()
            if row["status"] == "closed":
                continue
            if chance < 0.006:
                row |= {"status": "closed", "close_date": night - timedelta(rand.choice((0, 0, 1)))}
                if rand.random() < 0.5:
                    self.balances.pop(account_id, None)
            elif chance < 0.015:
                self._share(account_id, row["customer_id"])
            elif chance < 0.018:
                row["customer_id"] = rand.choice([*self.state["customer"]])
            elif chance < 0.025 and account_id in self.balances:
                self.balances[account_id] += Decimal(rand.choice((7, -3, 100000)))
        for key in self.positions:
            if rand.random() < 0.5:
                self.positions[key] = (
                    self.positions[key] * Decimal(rand.choice(("1.01", "0.97", "1")))
                ).quantize(Decimal("0.01"))
        if rand.random() < 0.3:
            self._account(
                rand.choice([*self.state["customer"]]), night - timedelta(rand.choice((0, 0, 1, 4)))
            )
        if rand.random() < 0.1:
            name = f"C{len(self.state['customer']) + 1:02}"
            self._customer(name, rand.choice("PPC"), night)
            self._account(name, night)
        if rand.random() < 0.05:
            self.products["HALF"]["aum_weight"] = Decimal(rand.choice(("0.4", "0.5", "1")))
        if rand.random() < 0.04:
            self.products["OUTD"]["is_in_aum"] = not self.products["OUTD"]["is_in_aum"]
        for row in self.loans.values():
            gap = 3 if rand.random() < 0.5 else 1
            owing = row["days_past_due"]
            row["days_past_due"] = (
                owing + gap if owing and rand.random() < 0.9 else rand.choice((0, 0, 0, 0, 0, 1, 2, 31))
            )
            row["overdue_interest"] = Decimal(rand.choice((0, 0, 0, 12)))
            if rand.random() < 0.05:
                row["five_class"] = rand.choice(_CLASSES)
            if rand.random() < 0.03:
                row["balance"] = Decimal(rand.choice((0, 300000)))
        for row in self.cards.values():
            owing = row["days_past_due"]
            row["days_past_due"] = (
                owing + 2 if owing and rand.random() < 0.9 else rand.choice((0,) * 12 + (1, 4))
            )
            if rand.random() < 0.15:
                row |= {
                    "min_due": Decimal(rand.choice((0, 50))),
                    "due_date": night + timedelta(rand.randint(-2, 12)),
                }
        for row in self.state["repayment_schedule"].values():
            if row["paid_date"] is None and rand.random() < 0.04:
                row |= {"paid_date": night, "paid_amount": Decimal(1050)}

    def _spend(self, day: date, night: date) -> None:
        """Book the transactions of a day."""
        rand = self.random
        is_past = day < self.first
        for number, row in enumerate(self.state["account"].values()):
            is_busy = number % 4 == 0 or row["account_id"] in ("N003", "N009")
            if row["account_id"] not in self.balances or row["open_date"] > day or row["status"] == "closed":
                continue
            if rand.random() < (0.35 if is_busy else 0.08):
                self._book(row, day, night if is_past else day)
        for card in self.state["card"].values():
            if rand.random() < 0.03:
                self._swipe(card, day)

    def _book(self, account: Row, day: date, arrives: date) -> None:
        rand = self.random
        self.numbers += 1
        kind = rand.choice(_TYPES)
        amount = Decimal(rand.randint(100, 300000)) / 100
        is_spender = account["account_id"] in ("N003", "N009")
        if is_spender:
            kind, amount = "transfer", Decimal(rand.randint(100000, 400000)) / 100
        elif rand.random() < 0.2:
            amount = Decimal(rand.choice(_EDGES))
        is_in = rand.random() < 0.5 if kind != "salary" else rand.random() < 0.95
        if kind in ("purchase", "fee") or is_spender:
            is_in = False
        is_in_bank = rand.random() < 0.4 and not is_spender
        counter = rand.choice((None, account["customer_id"], rand.choice([*self.state["customer"]])))
        txn = {
            "txn_id": f"T{self.numbers:05}",
            "account_id": account["account_id"],
            "txn_date": day,
            "amount": amount,
            "direction": "in" if is_in else "out",
            "currency": account["currency"] if rand.random() < 0.97 else "CNY",
            "counter_account": f"X{rand.randint(1, 30)}" if rand.random() < 0.6 else None,
            "counter_bank_code": None,
            "counter_name": None,
            "counter_customer_id": counter if is_in_bank else None,
            "is_in_bank": is_in_bank,
            "txn_type": kind,
            "reversed_txn_id": None,
        }
        if day >= self.first - timedelta(5) and rand.random() < 0.12:
            arrives = day + timedelta(rand.choice((1, 2, 4, 7, 8, 9, 15, 33)))
        self.waiting.append((arrives, txn))
        if rand.random() < 0.06:
            self.numbers += 1
            later = day + timedelta(rand.choice((0, 0, 1, 3, 20)))
            flipped = {"in": "out", "out": "in"}[txn["direction"]]
            back = {
                "txn_id": f"T{self.numbers:05}",
                "reversed_txn_id": txn["txn_id"] if rand.random() < 0.9 else "T-unknown",
                "txn_date": later,
                "direction": flipped,
                "txn_type": rand.choice(("other", kind)),
            }
            self.waiting.append((max(arrives, later), txn | back))

    def _swipe(self, card: Row, day: date) -> None:
        self.numbers += 1
        txn = {
            "txn_id": f"S{self.numbers:05}",
            "card_id": card["card_id"],
            "txn_date": day,
            "amount": Decimal(self.random.choice(("88.00", "20000.00", "19999.99", "60000.00", "120000.00"))),
            "is_consumption": self.random.random() < 0.8,
            "reversed_txn_id": None,
        }
        self.waiting.append((day + timedelta(self.random.choice((0, 0, 0, 2, 9))), txn))
        if self.random.random() < 0.1:
            self.numbers += 1
            later = day + timedelta(self.random.choice((0, 5)))
            back = {"txn_id": f"S{self.numbers:05}", "reversed_txn_id": txn["txn_id"], "txn_date": later}
            self.waiting.append((later + timedelta(10), txn | back))

    def _arrive(self, night: date) -> dict[str, list[Row]]:
        """Event tables of a night; balances show what they bring."""
        rand = self.random
        events: dict[str, list[Row]] = {
            name: []
            for name in (
                "transaction",
                "card_txn",
                "sales_trade",
                "sales_registration",
                "fee_income",
                "contact_log",
            )
        }
        still = []
        for arrives, row in self.waiting:
            if arrives > night:
                still.append((arrives, row))
                continue
            if "card_id" in row:
                events["card_txn"].append(row)
                continue
            events["transaction"].append(row)
            if night > self.first and row["account_id"] in self.balances and rand.random() < 0.98:
                signed = row["amount"] if row["direction"] == "in" else -row["amount"]
                self.balances[row["account_id"]] += signed
        self.waiting = still
        # sent once more
        again = [row for _, row in self.sent]
        if again and rand.random() < 0.15:
            events["transaction"].append(rand.choice(again))
        self.sent += [(night, row) for row in events["transaction"]]
        events["sales_trade"] = self._sell(night)
        for number in range(rand.randint(0, 6) if night > self.first else 0):
            self.numbers += 1
            several = [*self.state["customer"]][: rand.choice((2, 3, 30))]
            events["contact_log"].append(
                {
                    "contact_id": f"Q{self.numbers}",
                    "customer_id": rand.choice(several),
                    "channel": "sms",
                    "campaign_id": rand.choice(("M1", "M1", None)),
                    "batch_id": None,
                    "sent_at": datetime(night.year, night.month, night.day, number),
                    "delivered": rand.random() < 0.8,
                }
            )
        return events

    def _sell(self, night: date) -> list[Row]:
        """What is bought, of full weight and below; some of it is taken back on a later night."""
        rand = self.random
        rows = []
        if self.trades and rand.random() < 0.2:
            sold = self.trades.pop(rand.randrange(len(self.trades)))
            taken_back = {"status": "cancelled", "related_trade_id": sold["trade_id"], "trade_date": night}
            rows.append(sold | taken_back | {"trade_id": "B" + sold["trade_id"]})
        if rand.random() < 0.5:
            self.numbers += 1
            account = rand.choice([*self.state["account"].values()])
            sold = {
                "trade_id": f"V{self.numbers}",
                "customer_id": account["customer_id"],
                "account_id": account["account_id"] if rand.random() < 0.7 else None,
                "product_code": rand.choice(_POSITIONS),
                "trade_date": night - timedelta(rand.choice((0, 0, 1, 3))),
                "amount": Decimal(rand.randint(100, 9000000)) / 100,
                "fee_income": ZERO,
                "org_id": "O1",
                "status": "live",
                "related_trade_id": None,
                "currency": rand.choice((None, None, "USD", "CNY")),
            }
            self.trades.append(sold)
            rows.append(sold)
        return rows

    def _full(self, night: date) -> dict[str, list[Row]]:
        rand = self.random
        for currency, rate in (("USD", "7.0"), ("JPY", "0.05")):
            if night == self.first:
                for back in range(1, 120):
                    self.rates.append(_rate(currency, night - timedelta(back), rate, back))
            if rand.random() < 0.8 or night == self.first:
                self.rates.append(_rate(currency, night, rate, rand.randint(0, 100)))
        gone = {account_id for account_id in self.balances if rand.random() < 0.004}
        return {
            "org": [_org("HQ", None), _org("O1", "HQ"), _org("O2", "HQ")],
            "employee": [
                {
                    "employee_id": name,
                    "employee_name": name,
                    "org_id": org,
                    "post": post,
                    "status": "left" if name == "E2" and night > date(2024, 2, 10) else "active",
                    "hired_on": date(2015, 1, 1),
                    "left_on": date(2024, 2, 10) if name == "E2" and night > date(2024, 2, 10) else None,
                }
                for name, org, post in (
                    ("E1", "O1", "relationship_manager"),
                    ("E2", "O2", "relationship_manager"),
                    ("E3", "O2", "relationship_manager"),
                    ("E9", "O1", "outlet_manager"),
                )
            ],
            "product": [dict(row) for row in self.products.values()],
            "deposit_balance": [
                {"account_id": account_id, "balance": balance}
                for account_id, balance in self.balances.items()
                if account_id not in gone
            ],
            "investment_position": [
                {"account_id": account_id, "product_code": code, "market_value": value}
                for (account_id, code), value in self.positions.items()
            ],
            "loan_balance": [dict(row) for row in self.loans.values()],
            "card_balance": [dict(row) for row in self.cards.values()],
            "sales_ratio_param": [],
            "ftp_rate": [],
            "fx_rate": list(self.rates),
            "calendar": [
                {
                    "calendar_date": day,
                    "is_business_day": day.weekday() < 5,
                    "is_interest_settlement": False,
                    "is_small_fee_day": False,
                    "festival_code": {(2, 10): "spring", (4, 4): "qingming", (1, 13): "saturday"}.get(
                        (day.month, day.day)
                    ),
                }
                for day in days(date(2023, 1, 1), date(2024, 12, 31))
            ],
        }

    def _history(self) -> list[Row]:
        """Balances of the months before the first night, and of its own month's days before it."""
        rows = []
        lines = [
            *(
                (account, self.state["account"][account]["product_code"], value)
                for account, value in self.balances.items()
            ),
            *((account, code, value) for (account, code), value in self.positions.items()),
        ]
        for account_id, code, value in lines:
            if self.random.random() < 0.1:
                continue
            opened = self.state["account"][account_id]["open_date"]
            once = self.random.choice((1, 1, 1, 6))
            for back in range(9):
                month = add_months(self.first, -back)
                first = max(month, opened)
                last = min(add_months(month, 1), self.first) - ONE_DAY
                count = (last - first).days + 1
                if count > 0 and (back or self.random.random() < 0.9):
                    # some were six times as rich when the last of the tiers was reached
                    factor = Decimal(self.random.choice(("1", "0.8", "1.3"))) * (once if back >= 7 else 1)
                    end = (value * factor).quantize(Decimal("0.01"))
                    rows.append(
                        {
                            "account_id": account_id,
                            "product_code": code,
                            "balance_month": month_start(month),
                            "month_end_balance": end,
                            "balance_sum": end * count,
                            "day_count": count,
                        }
                    )
        return rows

    @staticmethod
    def _product(code: str, asset_class: str, line: str, is_in_aum: bool, weight: str) -> Row:
        return {
            "product_code": code,
            "product_name": code,
            "asset_class": asset_class,
            "product_line": line,
            "sales_product_code": None,
            "is_in_aum": is_in_aum,
            "aum_weight": Decimal(weight),
            "currency": "CNY",
            "day_count": 360,
            "ftp_curve_id": None,
            "allows_overdraft": asset_class == "deposit",
        }


def _rate(currency: str, day: date, base: str, step: int) -> Row:
    return {
        "currency": currency,
        "rate_date": day,
        "mid_rate": Decimal(base) * (1 + Decimal(step) / 1000),
    }


def _org(org_id: str, parent: str | None) -> Row:
    return {
        "org_id": org_id,
        "org_name": org_id,
        "org_level": "outlet" if parent else "head_office",
        "parent_org_id": parent,
        "region_code": "R1",
        "open_date": date(1990, 1, 1),
        "close_date": None,
        "successor_org_id": None,
    }
