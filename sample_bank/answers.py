"""Answer key of AUM: what every customer owned, month by month, in whole numbers.

Written from the specification, not from the models: tests compare the two.
"""

import numpy as np
import polars as pl

from sample_bank.accounts import Accounts
from sample_bank.balances import Book
from sample_bank.cards import CREDIT, Cards, Spending
from sample_bank.catalogue import CURRENCIES, WEIGHTS
from sample_bank.columns import PPM
from sample_bank.history import HistoryMonth
from sample_bank.owners import Claims
from sample_bank.people import Customers
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import NEVER
from sample_bank.world import World

MONTHS_OF_SPENDING = 12
UNIT = PPM**3
"""Amounts are kept as cents × exchange rate × weight × share, each in millionths."""


class AnswerBook:
    """Adds up the days of a chunk of customers."""

    def __init__(self, world: World, people: Customers, accounts: Accounts, claims: Claims) -> None:
        self.world, self.people, self.accounts, self.claims = world, people, accounts, claims
        self.timeline = world.timeline
        months = len(self.timeline.months)
        # by share in force: before and after the account's change of shares
        self._sums = np.zeros((2, len(accounts), months), dtype=np.int64)
        self._ends = np.zeros((2, len(accounts), months), dtype=np.int64)
        self._changes = np.full(len(accounts), NEVER)
        self._changes[claims.accounts] = claims.changes
        self._worth = np.zeros(len(accounts), dtype=np.int64)
        self.spending = np.zeros((len(people), months + MONTHS_OF_SPENDING), dtype=np.int64)

    def add_history(self, rows: HistoryMonth) -> None:
        """Add a month that the initial load brings as a whole."""
        last = int(self.timeline.month_starts[rows.month]) + rows.days - 1
        rates = self._rates(last)[rows.places]
        self._sums[0, rows.places, rows.month] += np.maximum(rows.sums, 0) * rates
        self._ends[0, rows.places, rows.month] = np.maximum(rows.ends, 0) * rates

    def add_night(self, book: Book, day: int, previous: int) -> None:
        """Carry the last balances over the days without a batch, then add the day's own."""
        if previous >= 0:
            for carried in range(previous + 1, day):
                self._add_day(carried, previous)
        held = np.where(book.is_deposit, np.maximum(book.balance, 0), 0)
        places, values = book.market_values(day)
        held[places] = values
        self._worth = held * self._rates(day)
        self._add_day(day, day)

    def _add_day(self, day: int, batch: int) -> None:
        month = self.timeline.month_of(day)
        is_later = self._changes <= batch
        for version, applies in ((0, ~is_later), (1, is_later)):
            worth = np.where(applies, self._worth, 0)
            self._sums[version, :, month] += worth
            self._ends[version, :, month] = worth

    def _rates(self, day: int) -> Ints:
        by_product = np.array([self.world.exchange_rate(currency, day) for currency in CURRENCIES])
        return by_product[self.accounts.product]

    def add_spending(self, cards: Cards, spending: Spending) -> None:
        """Add a day's consumption with credit cards, what was taken back taken off."""
        month = self._spending_month(spending.day)
        counts = (cards.kind[spending.places] == CREDIT) & spending.is_consumption
        signed = np.where(spending.reverses, -spending.amounts, spending.amounts) * counts
        np.add.at(self.spending[:, month], cards.holder[spending.places], signed)

    def _spending_month(self, day: int) -> int:
        first = self.timeline.months[0]
        month = np.datetime64(day, "D").astype("datetime64[M]").astype(int)
        return int(month) - ((first.year - 1970) * 12 + first.month - 1) + MONTHS_OF_SPENDING

    def elapsed_days(self) -> Ints:
        """Calendar days of each month up to the last night."""
        after = np.minimum(self.timeline.month_starts[1:], self.timeline.night_days[-1] + 1)
        elapsed: Ints = after - self.timeline.month_starts[:-1]
        return elapsed

    def totals(self) -> tuple[Ints, Ints, Ints]:
        """AUM at each month's end, balance sum and month average by customer, rounded half up to the cent."""
        shape = (len(self.people), len(self.timeline.months))
        ends, sums, averages = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        for month, days in enumerate(self.elapsed_days().tolist()):
            worth = self.by_owner(month)
            owners = worth["owner"].to_numpy()
            ends[owners, month] = _rounded(worth, "end", 1)
            sums[owners, month] = _rounded(worth, "sum", 1)
            averages[owners, month] = _rounded(worth, "sum", days)
        return ends, sums, averages

    def averages(self, month: int, until: int) -> Ints:
        """Month average by customer of a month up to a day, rounded half up to the cent."""
        worth = self.by_owner(month)
        found = np.zeros(len(self.people), dtype=np.int64)
        last = min(int(self.timeline.month_starts[month + 1]) - 1, until)
        days = last - int(self.timeline.month_starts[month]) + 1
        found[worth["owner"].to_numpy()] = _rounded(worth, "sum", days)
        return found

    def by_owner(self, month: int) -> pl.DataFrame:
        """Balance sum and end of a month by customer, exact."""
        claims, places = self.claims, self.claims.accounts
        shares = (wide(claims.shares), wide(claims.later_shares))
        frame = pl.DataFrame(
            {
                "owner": claims.owners,
                "weight": wide(WEIGHTS[self.accounts.product[places]]),
                "share": shares[0],
                "later_share": shares[1],
                "sum": wide(self._sums[0, places, month]),
                "later_sum": wide(self._sums[1, places, month]),
                "end": wide(self._ends[0, places, month]),
                "later_end": wide(self._ends[1, places, month]),
            }
        )

        def owned(name: str) -> pl.Expr:
            old, new = pl.col(name) * pl.col("share"), pl.col(f"later_{name}") * pl.col("later_share")
            return ((old + new) * pl.col("weight")).sum().alias(name)

        return frame.group_by("owner").agg(owned("sum"), owned("end"))

    def has_row(self) -> Bools:
        """Months for which each customer has a row: from the first recorded one to the one of the closing.

        After a reopening the rows begin again; months spent closed from end to end have none.
        """
        timeline, people = self.timeline, self.people
        first_night = int(timeline.night_days[0])
        starts, afters = timeline.month_starts[:-1], timeline.month_starts[1:]
        told = np.where(people.closed < first_night, first_night, people.closed)
        rows: Bools = (people.opened[:, None] < afters[None, :]) & (told[:, None] >= starts[None, :])
        rows |= people.reopened[:, None] < afters[None, :]
        return rows


def wide(values: Ints) -> pl.Series:
    """Whole numbers of 128 bits."""
    return pl.Series(values).cast(pl.Int128)


def _rounded(worth: pl.DataFrame, name: str, days: int) -> Ints:
    unit = pl.lit(UNIT * days, dtype=pl.Int128)
    half_up = (pl.col(name) * 2 + unit) // (unit * 2)
    cents: Ints = worth.select(half_up.cast(pl.Int64)).to_series().to_numpy()
    return cents
