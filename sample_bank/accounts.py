"""Accounts and investment positions of a chunk of customers: which ones, how much, from when to when."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import polars as pl

from sample_bank.catalogue import (
    CODES,
    CURRENCIES,
    DEMAND,
    FOREIGN,
    MARGIN,
    OVERDRAFT,
    PASSBOOK,
    RATES,
    TERM,
    TERM_DAYS,
    WEIGHTS,
)
from sample_bank.columns import PPM, digits, rates
from sample_bank.people import Customers
from sample_bank.rng import Bools, Floats, Ints
from sample_bank.tastes import bought_on, chosen
from sample_bank.timeline import NEVER, SETTLEMENT_MONTHS, date_series, falls_on
from sample_bank.wealth import CENTS
from sample_bank.world import World

SLOT_DEMAND, SLOT_SECOND, SLOT_TERM, SLOT_OVERDRAFT, SLOT_INVEST, SLOT_FOREIGN, SLOT_MARGIN = range(1, 8)
DORMANT_SHARE = 0.3
TERM_SHARES, STILL_TERM_SHARES = (0.5, 0.9), (0.5, 0.9)
"""Least and greatest share of what is left of the wealth: of everybody, and again of who keeps a course."""


@dataclass(frozen=True)
class Accounts:
    """Accounts and positions, one array element each; the demand account of customer ``i`` is element ``i``.

    Attributes:
        holder: Place of the customer in the chunk.
        number: Account number; two positions can lie in one account.
        is_position: Whether it is an investment position; all others are deposits.
        is_second: Whether another position stands for the account.
        start: First day; ``end`` the day it counts 0, ``reopened`` the day it counts again.
        levels: Balance at each month's end while the account is open, cents of its currency; column 0 is
            the month before the recorded ones.
        steps: Day of each month on which the balance goes to the month's level.
        swing: Salary that comes in each month and is spent until its end, cents.
    """

    holder: Ints
    number: Ints
    product: Ints
    home: Ints
    is_position: Bools
    is_second: Bools
    start: Ints
    end: Ints
    reopened: Ints
    maturity: Ints
    levels: Ints
    steps: Ints
    swing: Ints

    def __len__(self) -> int:
        return len(self.holder)

    def is_open(self, day: int) -> Bools:
        """Whether each account counts on a day."""
        is_open: Bools = (self.start <= day) & ((self.end > day) | (self.reopened <= day))
        return is_open

    @property
    def is_overdraft(self) -> Bools:
        """Whether the balance may be negative."""
        allowed: Bools = self.product == OVERDRAFT
        return allowed

    @classmethod
    def stacked(cls, parts: list[Self]) -> Self:
        """All parts, one after the other."""
        joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)}
        return cls(**joined)


def accounts_of(world: World, people: Customers) -> Accounts:
    """All accounts of a chunk of customers; what they hold at the end adds to their wealth."""
    return _Builder(world, people).build()


class _Builder:
    """Splits each customer's wealth over accounts, slot by slot."""

    def __init__(self, world: World, people: Customers) -> None:
        self.world, self.people = world, people
        self.dice, self.habits, self.timeline = world.dice, world.profile.habits, world.timeline
        self.rest = people.wealth.copy()
        self.is_rich = people.wealth >= int(self.habits.rich_from * CENTS)
        self.months = len(self.timeline.months)
        # what lies in the demand account besides its part of the wealth
        self.passing = np.zeros((len(people), self.months + 1), dtype=np.int64)
        self.passing_steps: list[tuple[Ints, int, Ints]] = []

    def build(self) -> Accounts:
        parts = [
            self._foreign(),
            *self._investments(),
            self._term(),
            self._second(),
            self._overdraft(),
            self._margin(),
        ]
        return Accounts.stacked([self._demand(), *parts])

    def _having(self, purpose: str, plain: float, rich: float | Floats | None = None) -> Ints:
        share = np.where(self.is_rich, plain if rich is None else rich, plain)
        has = self.dice.chance(purpose, share, self.people.numbers) & ~self.people.is_fleeting
        return np.flatnonzero(has)

    def _take(self, purpose: str, holders: Ints, low: float, high: float) -> Ints:
        """A share of what is left of the holders' wealth."""
        numbers = self.people.numbers[holders]
        share = low + (high - low) * self.dice.uniform(purpose, numbers)
        taken = (self.rest[holders] * np.rint(share * PPM).astype(np.int64)) // PPM
        self.rest[holders] -= taken
        return taken

    def _part(
        self, slot: int, holders: Ints, product: Ints, levels: Ints, *, is_second: bool = False, **other: Ints
    ) -> Accounts:
        people, count = self.people, len(holders)
        never = np.full(count, NEVER)
        return Accounts(
            holder=holders,
            number=(people.numbers[holders] + 1) * 100 + slot,
            product=np.broadcast_to(product, count).astype(np.int64),
            home=people.home[holders],
            is_position=np.full(count, slot == SLOT_INVEST),
            is_second=np.full(count, is_second),
            start=other.get("start", people.opened[holders]),
            end=other.get("end", never),
            reopened=other.get("reopened", never),
            maturity=other.get("maturity", never),
            levels=levels,
            steps=other.get("steps", self._steps(slot, holders)),
            swing=other.get("swing", np.zeros(count, dtype=np.int64)),
        )

    def _following(self, holders: Ints, target: Ints) -> Ints:
        """Levels that follow the course of the customer's wealth."""
        return (target[:, None] * self.people.levels[holders]) // PPM

    def _constant(self, target: Ints) -> Ints:
        return np.repeat(target[:, None], self.months + 1, axis=1)

    def _steps(self, slot: int, holders: Ints) -> Ints:
        numbers = self.people.numbers[holders] * 10 + slot
        steps = np.empty((len(holders), self.months), dtype=np.int64)
        for index, days in enumerate(self.timeline.business_days):
            place = self.dice.integer("step", len(days), numbers, index)
            if self.timeline.months[index].month in SETTLEMENT_MONTHS:
                # much is moved before a quarter ends
                place = np.maximum(place, self.dice.integer("step-late", len(days), numbers, index))
            steps[:, index] = days[place]
        return steps

    def _foreign(self) -> Accounts:
        holders = self._having("foreign", self.habits.foreign)
        product = FOREIGN[self.dice.integer("foreign-product", len(FOREIGN), self.people.numbers[holders])]
        worth = self._take("foreign-size", holders, 0.05, 0.2)
        last = int(self.timeline.night_days[-1])
        rate = np.array([self.world.exchange_rate(CURRENCIES[int(p)], last) for p in product], dtype=np.int64)
        return self._part(SLOT_FOREIGN, holders, product, self._following(holders, worth * PPM // rate))

    def _term(self) -> Accounts:
        """Term deposits: most run on; some fell due in the history or do in a night; some open in a night.

        Each runs for the whole term of its product: a shorter one would bear the rate of a longer.
        """
        dice, timeline, people = self.dice, self.timeline, self.people
        rich = np.where(people.is_still, self.habits.term_still, self.habits.term_rich)
        holders = self._having("term", self.habits.term, rich)
        numbers, opened = people.numbers[holders], people.opened[holders]
        kind = dice.integer("term-kind", len(TERM), numbers)
        days = TERM_DAYS[kind]
        last = int(timeline.night_days[-1])
        runs_until = last + 1 + dice.integer("term-left", 10**6, numbers) % days
        start = np.maximum(runs_until - days, opened)
        end = np.full(len(holders), NEVER)

        mode = dice.uniform("term-mode", numbers)
        was_here = opened < timeline.month_starts[0]
        past = np.concatenate([d[d < timeline.night_days[0]] for d in timeline.business_days])
        if len(past):
            due = past[dice.integer("term-past", len(past), numbers)]
            end = np.where((mode < 0.08) & was_here & (due - opened >= TERM_DAYS[0]), due, end)
        later = timeline.night_days[1:]
        if len(later):
            night = later[dice.integer("term-night", len(later), numbers)]
            falls_due = (mode >= 0.08) & (mode < 0.14) & was_here & (night - opened >= TERM_DAYS[0])
            end = np.where(falls_due, night, end)
            start = np.where((mode >= 0.14) & (mode < 0.20) & was_here, night, start)
        is_due = end < NEVER
        longest = np.searchsorted(TERM_DAYS, end - opened, side="right") - 1
        kind = np.where(is_due, np.minimum(kind, longest), kind)
        start = np.where(is_due, end - TERM_DAYS[kind], start)
        maturity = start + TERM_DAYS[kind]

        principal = self._take("term-size", holders, *TERM_SHARES)
        still = np.flatnonzero(people.is_still[holders] & self.is_rich[holders])
        principal[still] += self._take("term-still-size", holders[still], *STILL_TERM_SHARES)
        self._pay_back_matured(holders[is_due], principal[is_due], end[is_due])
        levels = self._constant(principal)
        return self._part(SLOT_TERM, holders, TERM[kind], levels, start=start, end=end, maturity=maturity)

    def _pay_back_matured(self, holders: Ints, principal: Ints, due: Ints) -> None:
        """What fell due in the history lies in the demand account from that day on."""
        for month in range(self.timeline.first_night_month + 1):
            first, after = self.timeline.month_starts[month], self.timeline.month_starts[month + 1]
            now = (due >= first) & (due < after) & (due < self.timeline.night_days[0])
            self.passing[holders[now], month + 1 :] += principal[now][:, None]
            self.passing_steps.append((holders[now], month, due[now]))

    def _investments(self) -> list[Accounts]:
        """One investment account per customer with one position or two."""
        dice, people = self.dice, self.people
        holders = self._having("investment", self.habits.investment, self.habits.investment_rich)
        first, second, is_more = chosen(self.world, people, holders)
        has_two = is_more & dice.chance("investment-two", 0.35, people.numbers[holders])
        start = bought_on(self.world, people, holders, 1)
        later = np.maximum(bought_on(self.world, people, holders, 2), start)
        everybody = np.ones(len(holders), np.bool_)
        parts = []
        for rank, where, product, day in ((1, everybody, first, start), (2, has_two, second, later)):
            owners, held, since = holders[where], product[where], day[where]
            worth = self._take(f"investment-size-{rank}", owners, 0.1, 0.5)
            self._wait(owners, self._following(owners, worth), since)
            levels = self._following(owners, worth * PPM // WEIGHTS[held])
            parts.append(self._part(SLOT_INVEST, owners, held, levels, is_second=rank == 2, start=since))
        return parts

    def _wait(self, owners: Ints, worth: Ints, since: Ints) -> None:
        """What is invested on a day lies in the demand account until then."""
        starts = self.timeline.month_starts
        for month in range(self.months):
            now = (since > starts[0]) & (since >= starts[month]) & (since < starts[month + 1])
            now &= since > self.people.opened[owners]
            places = np.flatnonzero(now)
            columns = np.arange(month + 1)
            np.add.at(self.passing, (owners[places][:, None], columns), worth[places][:, : month + 1])
            self.passing_steps.append((owners[places], month, since[places]))

    def _second(self) -> Accounts:
        holders = self._having("second", self.habits.second_account)
        worth = self._take("second-size", holders, 0.0, 0.08)
        return self._part(SLOT_SECOND, holders, np.array(PASSBOOK), self._constant(worth))

    def _overdraft(self) -> Accounts:
        """Accounts overdrawn in two months of three, empty in the third; in those of the nights by turns."""
        holders = self._having("overdraft", self.habits.overdraft)
        numbers = self.people.numbers[holders]
        drawn = -self.dice.between("overdraft-size", 100 * CENTS, 20_000 * CENTS, numbers)
        is_drawn = self.dice.chance(
            "overdraft-month", 0.66, numbers[:, None], np.arange(self.months + 1)[None, :]
        )
        steps = self._steps(SLOT_OVERDRAFT, holders)
        for month in range(self.timeline.first_night_month, self.months):
            is_drawn[:, month + 1] = ~is_drawn[:, month]
            days = self.timeline.business_days[month]
            nights = days[np.isin(days, self.timeline.night_days)]
            steps[:, month] = nights[self.dice.integer("overdraft-night", len(nights), numbers, month)]
        levels = np.where(is_drawn, drawn[:, None], 0)
        return self._part(SLOT_OVERDRAFT, holders, np.array(OVERDRAFT), levels, steps=steps)

    def _margin(self) -> Accounts:
        """Margin accounts: money that is not AUM."""
        holders = self._having("margin", self.habits.margin)
        held = self.dice.between("margin-size", 1_000 * CENTS, 80_000 * CENTS, self.people.numbers[holders])
        return self._part(SLOT_MARGIN, holders, np.array(MARGIN), self._constant(held))

    def _demand(self) -> Accounts:
        people, dice = self.people, self.dice
        holders = np.arange(len(people))
        levels = self._following(holders, self.rest) + self.passing
        # a term deposit that falls due in a night is paid into the account then, not before
        has_salary = dice.chance("salary", self.habits.salary, people.numbers)
        has_salary &= ~people.is_corporate & ~people.is_fleeting
        salary = dice.between("salary-size", 2_500, 25_000, people.numbers) * CENTS
        steps = self._steps(SLOT_DEMAND, holders)
        for places, month, due in self.passing_steps:
            steps[places, month] = due
        return self._part(
            SLOT_DEMAND,
            holders,
            np.array(DEMAND),
            levels,
            end=people.closed,
            reopened=people.reopened,
            steps=steps,
            swing=np.where(has_salary, salary, 0),
        )


def account_changes(world: World, accounts: Accounts, day: int, previous: int) -> tuple[Ints, pl.Series]:
    """Accounts that are new or have changed since the last batch, with the operation."""
    is_new = falls_on(accounts.start, day, previous)
    changed = falls_on(accounts.end, day, previous) | falls_on(accounts.reopened, day, previous)
    if previous < world.timeline.merger_day <= day:
        changed |= accounts.home == world.merged
    known = (is_new | (changed & (accounts.start <= day))) & ~accounts.is_second
    places = np.flatnonzero(known)
    return places, pl.Series("op", np.where(is_new[places], "I", "U"))


def account_rows(world: World, accounts: Accounts, places: Ints, day: int) -> pl.DataFrame:
    """The account extract of some accounts as of a day."""
    numbers = accounts.number[places]
    is_open = accounts.is_open(day)[places]
    is_dormant = world.dice.chance("dormant", DORMANT_SHARE, numbers) & (accounts.product[places] == PASSBOOK)
    status = np.where(~is_open, "closed", np.where(is_dormant, "dormant", "open"))
    product = accounts.product[places]
    return pl.DataFrame(
        {
            "account_id": account_ids("account_id", numbers),
            "customer_id": digits("customer_id", numbers // 100, 10),
            "product_code": CODES.gather(product),
            "org_id": world.org_ids("org_id", world.org_of(accounts.home[places], day)),
            "currency": CURRENCIES.gather(product),
            "open_date": date_series("open_date", accounts.start[places]),
            "close_date": date_series("close_date", np.where(is_open, NEVER, accounts.end[places])),
            "maturity_date": date_series("maturity_date", accounts.maturity[places]),
            "interest_rate": rates("interest_rate", RATES[product]),
            "status": pl.Series(status),
        }
    )


def account_ids(name: str, numbers: Ints) -> pl.Series:
    """Identifiers of accounts: twelve digits, leading zeros matter."""
    return digits(name, numbers, 12)
