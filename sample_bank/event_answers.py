"""Answer key of events: which of them the nights have to tell of a chunk of customers (chapter 5.3).

Written from the specification over the generator's own timelines, not from the extracts nor from the models:
tests compare the two. Thresholds are those of the rules as shipped.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import polars as pl

from sample_bank.answers import AnswerBook
from sample_bank.balances import Book
from sample_bank.bridge_answers import BridgeBook
from sample_bank.cards import CREDIT, PRODUCTS_OF_KINDS, Cards, Spending
from sample_bank.catalogue import INDEX, PRODUCTS
from sample_bank.event_dues import Debts, Dues
from sample_bank.event_money import CORPORATE, MASS, PREMIUM, PRIVATE, Money, is_told_on
from sample_bank.event_tiers import TierWatch
from sample_bank.flows import FlowTable
from sample_bank.links import Links
from sample_bank.loans import Loans, running
from sample_bank.owners import Claims
from sample_bank.planted import LEAST_NIGHTS, baseline_start
from sample_bank.rng import Ints
from sample_bank.timeline import falls_on
from sample_bank.told import Told
from sample_bank.wealth import CENTS

GROUPS = np.array([MASS, MASS, PREMIUM, PREMIUM, PRIVATE, PRIVATE])
"""Customer group by tier."""
CARD_SPEND = np.array([100_000, 50_000, 20_000, 10**10]) * CENTS
LINES = sorted({product.line for product in PRODUCTS})
_LINE_OF = np.array([LINES.index(product.line) for product in PRODUCTS])


class EventBook:
    """Watches the nights of a chunk of customers; nights have to come in order."""

    def __init__(
        self,
        book: Book,
        claims: Claims,
        loans: Loans,
        cards: Cards,
        links: Links,
        bridge: BridgeBook,
        answers: AnswerBook,
    ) -> None:
        world, people = book.world, book.people
        self._people, self._accounts, self._claims = people, book.accounts, claims
        self._loans, self._cards, self._bridge = loans, cards, bridge
        self._first = int(world.timeline.night_days[0])
        self.told = Told(self._first)
        self._tiers = TierWatch(answers, cards, loans, self.told)
        self._dues = Dues(world, people, book.accounts, loans, cards, self.told)
        self._debts = Debts(world, people, loans, cards, links.relations, self.told)
        nights = len(world.timeline.nights)
        recorded = baseline_start(world) if nights >= LEAST_NIGHTS else self._first
        self._money = Money(people, bridge, claims, self.told, recorded)

    def add_night(
        self,
        flows: list[tuple[int, FlowTable]],
        spent: Sequence[Spending],
        day: int,
        previous: int,
    ) -> None:
        """Tell what a night has to tell, after it has been added to the books of AUM and of the bridge.

        Args:
            flows: Movements that the night brings, by their day.
            spent: What it brings of cards, day by day.
        """
        ranks = self._tiers.night(day, previous)
        groups = np.where(self._people.is_corporate, CORPORATE, GROUPS[ranks])
        self._money.groups[day] = groups
        self._money.aum[day] = self._bridge.aum_now(day)
        borrowers = np.zeros(len(self._people), dtype=np.bool_)
        borrowers[self._loans.holder[running(self._loans, day)]] = True
        self._money.night(day, flows, borrowers)
        self._dues.night(day, groups)
        self._spend(spent, day, groups)
        if day > self._first:
            self._money.balances_below(day, previous)
            self._debts.night(day, previous)
            self._close(day, previous)
            self._begin(day, previous)

    def _spend(self, spent: Sequence[Spending], night: int, groups: Ints) -> None:
        cards = self._cards
        for spending in spent:
            if not is_told_on(spending.day, night):
                continue
            holder = cards.holder[spending.places]
            is_large = (cards.kind[spending.places] == CREDIT) & spending.is_consumption & ~spending.reverses
            is_large &= spending.amounts >= CARD_SPEND[groups[holder]]
            self.told.tell(
                "large_card_spend", night, self._people.numbers[holder[is_large]], spending.day,
                day=spending.day, subject=cards.number[spending.places[is_large]],
                amount=spending.amounts[is_large],
            )  # fmt: skip

    def _close(self, day: int, previous: int) -> None:
        accounts = self._accounts
        ended = falls_on(accounts.end, day, previous) & (accounts.start <= previous) & ~accounts.is_second
        ended &= ~accounts.is_open(day)
        self.told.tell(
            "account_closed", day, self._people.numbers[accounts.holder[ended]], 0,
            day=accounts.end[ended], subject=accounts.number[ended],
        )  # fmt: skip

    def _begin(self, day: int, previous: int) -> None:
        """The first account, position, loan or card of a product line."""
        begun = self._first_of_lines
        is_new = falls_on(begun, day, previous)
        for line in np.flatnonzero(is_new.any(axis=0)).tolist():
            new = is_new[:, line]
            self.told.tell("first_business", day, self._people.numbers[new], line, day=begun[new, line])

    @cached_property
    def _first_of_lines(self) -> Ints:
        """Day on which each customer first holds something of each product line."""
        accounts, loans, cards, claims = self._accounts, self._loans, self._cards, self._claims
        begun = np.full((len(self._people), len(LINES)), 10**9)
        lines = _LINE_OF[accounts.product[claims.accounts]]
        np.minimum.at(begun, (claims.owners, lines), accounts.start[claims.accounts])
        np.minimum.at(begun, (loans.holder, _LINE_OF[loans.product]), loans.start)
        for kind, code in enumerate(PRODUCTS_OF_KINDS):
            held = cards.kind == kind
            if code:
                np.minimum.at(begun, (cards.holder[held], _LINE_OF[INDEX[code]]), cards.issued[held])
        return begun

    def table(self) -> pl.DataFrame:
        """Every event with the night that tells it."""
        self._money.look_back()
        return self.told.table()
