"""What the days of a month come to by contract: average balances and interest margins, to the cent.

Part of the answer key of contribution (``income_answers.py``): whole numbers, day by day.
"""

from dataclasses import dataclass

import numpy as np

from sample_bank.catalogue import CURRENCIES, DAY_COUNTS, PRODUCTS
from sample_bank.columns import PPM
from sample_bank.rng import Ints
from sample_bank.timeline import NEVER
from sample_bank.world import World

IS_FOREIGN = np.array([currency != "CNY" for currency in CURRENCIES])


@dataclass(frozen=True)
class Month:
    """Cents of a month, or of a part of it, by contract."""

    average: Ints
    margin: Ints


@dataclass(frozen=True)
class _Sums:
    """What days add up to by contract, in cents × millionths: balances, and what they cost.

    Attributes:
        foreign_units: In place of units, of foreign contracts alone, at the rates of the days.
    """

    units: Ints
    cost: Ints
    foreign_units: Ints
    foreign_cost: Ints

    def without(self, other: "_Sums") -> "_Sums":
        """The days of these that are not in others."""
        return _Sums(
            self.units - other.units, self.cost - other.cost, self.foreign_units - other.foreign_units,
            self.foreign_cost - other.foreign_cost,
        )  # fmt: skip


class Tally:
    """The days of a month of some contracts: what is held, what it pays or asks, and what it costs (FTP).

    Args:
        opened: Day of the opening.
        maturity: :data:`NEVER` where there is none: such money has the price of each day.
        rate: Rate of each contract, millionths.

    Attributes:
        held: Cents held on the day that is counted next.
        days: Days counted.
    """

    def __init__(self, world: World, product: Ints, opened: Ints, maturity: Ints, rate: Ints) -> None:
        self._world, self._product, self._rate = world, product, rate
        self._is_term = maturity < NEVER
        tenors = np.where(self._is_term, maturity - opened, 0)
        self._term = world.transfer_prices.rates(product, opened, tenors)
        # few, and their products pass 64 bits
        self._foreign = np.flatnonzero(IS_FOREIGN[product])
        self._scale = np.where(IS_FOREIGN[product], PPM, 1)
        self.held: Ints = np.zeros(len(product), dtype=np.int64)
        self._begin()

    def _begin(self) -> None:
        plain, foreign = (
            np.zeros(len(self._product), dtype=np.int64),
            np.zeros(len(self._foreign), dtype=object),
        )
        self._sums = _Sums(plain, plain, foreign, foreign)
        self._early: _Sums | None = None
        self.days = 0

    def split(self) -> None:
        """From here on the days of the month are told apart from those before."""
        self._early = self._sums

    def count(self, day: int) -> None:
        """Count a day with what is held."""
        every = np.arange(len(PRODUCTS))
        of_day = self._world.transfer_prices.rates(every, np.full(len(every), day), every * 0)
        price = np.where(self._is_term, self._term, of_day[self._product])
        self.days += 1
        places = self._foreign
        rates = np.array([self._world.exchange_rate(currency, day) for currency in CURRENCIES], dtype=object)
        worth = self.held[places].astype(object) * rates[self._product[places]]
        self._sums = _Sums(
            self._sums.units + self.held,
            self._sums.cost + self.held * price,
            self._sums.foreign_units + worth,
            self._sums.foreign_cost + worth * price[places].astype(object),
        )

    def close(self) -> list[Month]:
        """Averages and margins of the days counted, and where they were split of both parts; begins anew."""
        parts = [self._sums]
        if self._early is not None:
            parts += [self._early, self._sums.without(self._early)]
        months = [self._month(part) for part in parts]
        self._begin()
        return months

    def _month(self, sums: _Sums) -> Month:
        places, basis = self._foreign, DAY_COUNTS[self._product] * PPM
        average = rounded(sums.units, np.full(len(sums.units), self.days))
        margin = rounded(sums.cost - sums.units * self._rate, basis)
        exact = sums.foreign_cost - sums.foreign_units * self._rate[places].astype(object)
        wide = basis[places].astype(object) * PPM
        average[places] = rounded(sums.foreign_units, np.full(len(places), self.days * PPM, dtype=object))
        margin[places] = rounded(exact, wide)
        return Month(average, margin)


def rounded(units: Ints, divisor: Ints) -> Ints:
    """Rounded half away from zero."""
    size = abs(units)
    cents: Ints = ((2 * size + divisor) // (2 * divisor)).astype(np.int64)
    return np.where(units < 0, -cents, cents)
