"""How much each customer owns at the end, and by which course they came there."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from sample_bank.columns import PPM
from sample_bank.profile import Band, Profile
from sample_bank.rng import Dice, Floats, Ints
from sample_bank.timeline import Timeline

CENTS = 100
STILL, RISING, FALLING, DROPPED, DIPPED, JUMPED = range(6)
SEASON = (1_000_000, 965_000, 1_010_000, 990_000, 985_000, 1_015_000, 985_000, 990_000, 1_012_000, 985_000,
          990_000, 1_030_000)  # fmt: skip
"""Level of a month's end by calendar month: spending before the Spring Festival, quarter and year ends."""


class Wealth:
    """Spreads customers over the profile's bands so that customers and balances by band come out exactly.

    A customer's rank is a random permutation of their number; the band's quantile function turns the
    rank into an amount, with its mean set so that the band's total is the profile's.
    """

    def __init__(self, dice: Dice, profile: Profile, customers: int) -> None:
        self._dice = dice
        self._bands = profile.bands
        self._customers = customers

    @cached_property
    def _counts(self) -> Ints:
        """Customers by band, by largest remainder."""
        exact = np.array([band.share for band in self._bands]) * self._customers
        counts: Ints = np.floor(exact).astype(np.int64)
        left = self._customers - int(counts.sum())
        counts[np.argsort(counts - exact, kind="stable")[:left]] += 1
        return counts

    @cached_property
    def _edges(self) -> Ints:
        edges: Ints = np.concatenate([[0], np.cumsum(self._counts)])
        return edges

    def ranks(self, numbers: Ints) -> Ints:
        """Place of each customer among all of them, from the poorest up."""
        return self._dice.permute("rank", numbers, self._customers)

    def amounts(self, numbers: Ints) -> Ints:
        """AUM at the end, in cents, of the customers with these numbers."""
        ranks = self.ranks(numbers)
        bands = np.searchsorted(self._edges, ranks, side="right") - 1
        cents = np.zeros(len(numbers), dtype=np.int64)
        for index, band in enumerate(self._bands):
            inside = bands == index
            if inside.any():
                places = ranks[inside] - self._edges[index]
                cents[inside] = self._in_band(band, int(self._counts[index]), places)
        return cents

    def _in_band(self, band: Band, count: int, places: Ints) -> Ints:
        """Amounts at the given places, from the poorest up, of a band with ``count`` customers."""
        mean = band.mean * band.share * self._customers / count
        if band.upper is None:
            mean = max(mean, 1.05 * band.lower)
            tail = 1 - band.lower / mean

            def above(positions: Floats) -> Floats:
                return band.lower * ((1 - positions) ** -tail - 1)

            # the few customers of the open band carry much: correct what the grid misses
            excess = float(above((np.arange(count) + 0.5) / count).mean())
            yuan = band.lower + above((places + 0.5) / count) * (mean - band.lower) / excess
            cents: Ints = np.rint(yuan * CENTS).astype(np.int64)
            return cents
        width = band.upper - band.lower
        mean = min(max(mean, band.lower + 0.02 * width), band.lower + 0.98 * width)
        power = width / (mean - band.lower) - 1
        yuan = band.lower + width * ((places + 0.5) / count) ** power
        cents = np.rint(yuan * CENTS).astype(np.int64)
        return np.minimum(cents, int(band.upper * CENTS) - 1)


def course_of(dice: Dice, shares: Sequence[float], numbers: Ints) -> Ints:
    """Which course each customer's wealth takes."""
    return dice.pick("course", tuple(shares), numbers)


def courses(dice: Dice, shares: Sequence[float], numbers: Ints, timeline: Timeline, still: float) -> Ints:
    """Level of each customer's wealth at the end of each month, in millionths of the level at the end.

    Column 0 is the end of the month before the recorded ones.
    """
    months = len(timeline.months)
    count = len(numbers)
    level = np.full((count, months + 1), float(PPM))
    back = np.arange(months, -1, -1)
    kind = course_of(dice, shares, numbers)
    since = dice.integer("course-since", months, numbers)
    length = dice.between("course-length", 1, 11, numbers)
    size = dice.uniform("course-size", numbers)

    pace = np.log1p(0.01 + 0.05 * size)
    for course, sign in ((RISING, -1.0), (FALLING, 1.0)):
        rows = kind == course
        level[rows] *= np.exp(sign * np.outer(pace[rows], back))
    is_before = back[None, :] > since[:, None]
    is_dip = is_before & (back[None, :] <= (since + length)[:, None])
    for course, where, low, high in ((DROPPED, is_before, 1.3, 12.0), (DIPPED, is_dip, 0.05, 0.7),
                                     (JUMPED, is_before, 0.05, 0.9)):  # fmt: skip
        rows = (kind == course)[:, None] & where
        factor = np.broadcast_to((low + (high - low) * size * size)[:, None], level.shape)
        level[rows] *= factor[rows]

    moves = ~dice.chance("still", still, numbers)
    noise = dice.between("noise", -30_000, 30_000, numbers[:, None], np.arange(months)[None, :])
    season = np.array([SEASON[(month.month - 1)] for month in timeline.months])
    sway = (1 + noise / PPM) * (season / season[-1])[None, :]
    sway[:, -1] = 1.0
    level[:, 1:] = np.where(moves[:, None], level[:, 1:] * sway, level[:, 1:])
    levels: Ints = np.rint(level).astype(np.int64)
    return levels
