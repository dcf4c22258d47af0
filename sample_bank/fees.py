"""Fees: of sales, of what is held, of cards and services, and what each costs directly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
import polars as pl

from sample_bank.balances import Book
from sample_bank.cards import CREDIT, DEBIT, PRIVATE, WEALTH, Cards, owed_on
from sample_bank.catalogue import (
    CARD,
    CODES,
    CURRENCIES,
    DEMAND,
    FEE_COSTS,
    FOREIGN,
    FX_SETTLEMENT,
    HOLDING_FEES,
    INDEX,
)
from sample_bank.columns import PPM, digits, money
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Bools, Ints
from sample_bank.sales import Trade
from sample_bank.timeline import as_date, is_business_day
from sample_bank.world import World

FEE_DAYS = 30
"""Days of fees that the initial load brings at least; it brings all of its month."""
FEE_TYPES = ("sales", "holding", "card", "message", "card_service", "channel", "transfer", "refund")
SALES, HOLDING, CARD_USE, MESSAGE, CARD_SERVICE, CHANNEL, TRANSFER, REFUND = range(len(FEE_TYPES))
MERCHANT_FEE, CARD_CREDIT_FEE = 4_500, 7_500
"""Of what is paid with a credit card, and a month of what is owed on it (instalments, revolving credit)."""
MESSAGE_FEE = 200
CARD_SERVICE_FEES = ((WEALTH, "5007", 1_000), (PRIVATE, "5008", 8_000), (DEBIT, "5009", 300))
"""Cents a month of a kind of card; of debit cards few are of the paid kind."""
PAID_DEBIT = 0.02
CHANNEL_FEES = (("5001", 0.01, 500), ("5003", 0.01, 1_000), ("5004", 0.02, 300), ("5006", 0.01, 200))
"""Service, share of the customers who pay for it, cents a month."""


@dataclass(frozen=True)
class Fees:
    """Fees of a day, one array element each; ``number`` is unique within a kind and day."""

    kind: Ints
    number: Ints
    customer: Ints
    product: Ints
    outlet: Ints
    amount: Ints
    cost: Ints

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        """All parts, one after the other, without fees of nothing."""
        joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)}
        paid = joined["amount"] != 0
        return cls(**{name: values[paid] for name, values in joined.items()})

    def rows(self, day: int) -> pl.DataFrame:
        """The fee_income extract of the day."""
        stamp = as_date(day).strftime("F%Y%m%d")
        return pl.DataFrame(
            {
                "fee_id": stamp
                + pl.Series(self.kind).cast(pl.String)
                + digits("fee_id", (self.number * 7_919 + 4_104_729_000_001) % 10**13, 13),
                "customer_id": customer_ids("customer_id", self.customer),
                "product_code": CODES.gather(self.product),
                "org_id": pl.Series("org_id", self.outlet),
                "income_date": pl.Series([as_date(day)]).new_from_index(0, len(self.kind)),
                "fee_type": pl.Series(FEE_TYPES).gather(self.kind),
                "amount": money("amount", self.amount),
                "direct_cost": money("direct_cost", self.cost),
            }
        )


class FeeBook:
    """What a chunk of customers pays, day by day. What is due every month is due on one day of it."""

    def __init__(
        self, world: World, people: Customers, book: Book, cards: Cards, trades: Sequence[Trade]
    ) -> None:
        self.world, self.people, self.book, self.cards, self.trades = world, people, book, cards, trades
        self.dice, self.timeline, self.accounts = world.dice, world.timeline, book.accounts
        # day on which each is due, of the last month asked for
        self._due: dict[str, tuple[int, Ints]] = {}

    def fee_days(self, day: int, *, is_first: bool) -> list[int]:
        """Business days whose fees a batch brings."""
        if not is_first:
            return [day]
        first = min(day - FEE_DAYS + 1, int(self.timeline.month_starts[self.timeline.month_of(day)]))
        first = max(first, int(self.timeline.month_starts[0]))
        return [d for d in range(first, day + 1) if is_business_day(as_date(d))]

    def day(self, day: int) -> Fees:
        """All fees of a business day, at the balances of the last batch."""
        return Fees.stacked([*self._monthly(day), self._transfers(day), *self._sales(day)])

    def rows(self, fees: Fees, day: int) -> pl.DataFrame:
        """The fee_income extract of a day."""
        return fees.rows(day).with_columns(self.world.org_ids("org_id", fees.outlet))

    def _made(
        self, kind: int, day: int, number: Ints, holder: Ints, product: Ints | int, amount: Ints
    ) -> Fees:
        """Fees of some customers of the chunk at their own outlets."""
        product = np.broadcast_to(np.asarray(product, dtype=np.int64), holder.shape)
        return Fees(
            kind=np.full(len(holder), kind),
            number=number,
            customer=self.people.numbers[holder],
            product=product,
            outlet=self.world.org_of(self.people.home[holder], day),
            amount=amount,
            cost=amount * FEE_COSTS[product] // PPM,
        )

    def _is_due(self, day: int, purpose: str, numbers: Ints) -> Bools:
        """Whether a day is the one of its month on which something is due; a purpose has its own numbers."""
        month = self.timeline.month_of(day)
        if self._due.get(purpose, (None,))[0] != month:
            days = self.timeline.business_days[month]
            self._due[purpose] = (month, days[self.dice.integer(purpose, len(days), numbers, month)])
        due: Bools = self._due[purpose][1] == day
        return due

    @cached_property
    def _charged(self) -> Ints:
        """Accounts and positions whose balance bears a fee."""
        return np.flatnonzero(HOLDING_FEES[self.accounts.product] > 0)

    def _monthly(self, day: int) -> Iterator[Fees]:
        yield self._of_holdings(day)
        cards, dice = self.cards, self.dice
        due = np.flatnonzero(self._is_due(day, "fee-card", cards.number))
        due = due[cards.is_valid(day)[due]]
        kind = cards.kind[due]
        credit = due[kind == CREDIT]
        income = cards.monthly[credit] * MERCHANT_FEE // PPM
        income = income + owed_on(self.world, cards, credit, day) * CARD_CREDIT_FEE // PPM
        yield self._made(CARD_USE, day, cards.number[credit], cards.holder[credit], CARD, income)
        debit = due[kind == DEBIT]
        told = debit[dice.chance("messages", self.world.profile.habits.messages, cards.number[debit])]
        fee = np.full(len(told), MESSAGE_FEE)
        yield self._made(MESSAGE, day, cards.number[told], cards.holder[told], INDEX["5005"], fee)
        for of_kind, code, cents in CARD_SERVICE_FEES:
            paid = due[kind == of_kind]
            if of_kind == DEBIT:
                paid = paid[dice.chance("paid-debit", PAID_DEBIT, cards.number[paid])]
            fee = np.full(len(paid), cents)
            yield self._made(CARD_SERVICE, day, cards.number[paid], cards.holder[paid], INDEX[code], fee)
        numbers = self.people.numbers
        here = np.flatnonzero(self._is_due(day, "fee-channel", numbers) & self.people.is_active(day))
        for service, (code, share, cents) in enumerate(CHANNEL_FEES):
            users = here[dice.chance("channel-user", share, numbers[here], service)]
            fee = np.full(len(users), cents)
            number = numbers[users] * len(CHANNEL_FEES) + service
            yield self._made(CHANNEL, day, number, users, INDEX[code], fee)

    def _of_holdings(self, day: int) -> Fees:
        """A month's share of the fee on what is held; dealing in foreign money is a service of its own."""
        accounts, places = self.accounts, self._charged
        # two positions may lie in one account
        numbers = accounts.number[places] * 2 + accounts.is_second[places]
        due = self._is_due(day, "fee-holding", numbers) & accounts.is_open(day)[places]
        places, numbers = places[due], numbers[due]
        product = accounts.product[places]
        value = np.maximum(self.book.balance[places], 0)
        price = self.world.price_share(product, day)
        fx = np.array([self.world.exchange_rate(currency, day) for currency in CURRENCIES])[product]
        yearly = (value * price // PPM) * fx // PPM * HOLDING_FEES[product]
        sold_as = np.where(np.isin(product, FOREIGN), FX_SETTLEMENT, product)
        return self._made(HOLDING, day, numbers, accounts.holder[places], sold_as, yearly // (12 * PPM))

    def _transfers(self, day: int) -> Fees:
        """Transfers, drafts, lost cards and other services that are paid for one by one."""
        numbers = self.people.numbers
        pays = self.dice.chance("fee", self.world.profile.habits.fee_a_night, numbers, day)
        places = np.flatnonzero(pays & self.people.is_active(day))
        amount = self.dice.between("fee-size", 100, 5_000, numbers[places], day)
        return self._made(TRANSFER, day, numbers[places], places, DEMAND, amount)

    def _sales(self, day: int) -> Iterator[Fees]:
        """Fees of the sales of a day, and those that go back with a cancellation."""
        for kind, sign in ((SALES, 1), (REFUND, -1)):
            chosen = [t for t in self.trades if (t.day if kind == SALES else t.cancelled) == day]
            columns = [(t.customer, t.product, t.outlet, sign * t.fee) for t in chosen]
            customer, product, outlet, amount = np.array(columns, dtype=np.int64).reshape(-1, 4).T
            yield Fees(
                kind=np.full(len(chosen), kind),
                # a customer may cancel sales of several days in one
                number=customer * 1_000 + np.array([t.number for t in chosen], dtype=np.int64),
                customer=customer,
                product=product,
                outlet=self.world.org_of(outlet, day),
                amount=amount,
                cost=sign * (abs(amount) * FEE_COSTS[product] // PPM),
            )
