"""Answer key of events of tiers: what a night sees of the running month and of the last complete one."""

import numpy as np

from sample_bank.answers import AnswerBook
from sample_bank.cards import Cards
from sample_bank.loans import Loans
from sample_bank.rng import Bools, Ints
from sample_bank.tier_answers import STATUSES, Assessed, Factors, assessed, factors_of
from sample_bank.told import Told

ATTENTION = STATUSES.index("attention")
NO_BATCH = -1


class TierWatch:
    """Assesses the tiers of a chunk on every night."""

    def __init__(self, answers: AnswerBook, cards: Cards, loans: Loans, told: Told) -> None:
        self._answers, self._cards, self._loans, self._told = answers, cards, loans, told
        self._timeline, self._people = answers.timeline, answers.people
        shape = (len(self._people), len(self._timeline.months))
        self._averages = np.zeros(shape, dtype=np.int64)
        self._done = 0
        self._exists: Bools = answers.has_row() & ~self._people.is_corporate[:, None]

    def night(self, day: int, previous: int) -> Ints:
        """Tell the night's events, and return each customer's tier of the last complete month, by rank."""
        month = self._timeline.month_of(day)
        for open_month in range(self._done, month + 1):
            self._averages[:, open_month] = self._answers.averages(open_month, day)
        self._done = month
        found = self._assess(day, month + 1)
        if month == 0:
            return np.zeros(len(self._people), dtype=np.int64)
        self._rises(found, day, month)
        if previous != NO_BATCH and self._timeline.month_of(previous) < month:
            self._falls(found, day, month - 1)
        return found.rank[:, month - 1] * self._exists[:, month - 1]

    def _assess(self, day: int, months: int) -> Assessed:
        every = factors_of(self._answers, self._cards, self._loans, day)
        factors = Factors(**{name: values[:, :months] for name, values in vars(every).items()})
        return assessed(self._averages[:, :months], self._exists[:, :months], factors)

    def _is_told_of(self, day: int, month: int) -> Bools:
        """Who has a row in the running month as a night knows it: who closed before it is told of no more."""
        people, start = self._people, int(self._timeline.month_starts[month])
        told = np.maximum(people.closed, int(self._timeline.night_days[0]))
        is_known: Bools = (people.opened <= day) & ((told >= start) | (people.reopened <= day))
        return is_known

    def _rises(self, found: Assessed, day: int, month: int) -> None:
        """What the running month already is above the last complete one."""
        both = self._exists[:, month] & self._exists[:, month - 1]
        both &= self._people.is_active(day)
        rises = both & (found.rank[:, month] > found.rank[:, month - 1])
        numbers = self._people.numbers
        key = month * 10 + found.rank[:, month]
        self._told.tell("tier_upgrade", day, numbers[rises], key[rises], is_change=True)
        lost = found.is_lost
        tier = _highest(both & lost[:, :, month - 1] & ~lost[:, :, month])
        is_back = tier > 0
        self._told.tell("tier_regained", day, numbers[is_back], month * 10 + tier[is_back], is_change=True)

    def _falls(self, found: Assessed, day: int, month: int) -> None:
        """What the month that is complete now says."""
        numbers, last = self._people.numbers, int(self._timeline.month_starts[month + 1]) - 1
        now = self._exists[:, month] & self._is_told_of(day, month + 1)
        before = self._exists[:, month - 1] if month else np.zeros_like(now)
        was = found.rank[:, month - 1] if month else found.rank[:, month]
        rank, status = found.rank[:, month], found.status[:, month]
        falls = now & before & (rank < was)
        key = month * 10 + rank
        self._told.tell("tier_downgrade", day, numbers[falls], key[falls], day=last, is_change=True)
        same = before & (was == rank) & (found.status[:, month - 1] == ATTENTION if month else False)
        is_new = now & (status == ATTENTION) & ~same & self._people.is_active(last)
        self._told.tell("tier_attention", day, numbers[is_new], key[is_new], day=last, is_change=True)
        lost = found.is_lost
        was_lost: Bools = before & lost[:, :, month - 1] if month else np.zeros_like(lost[:, :, month])
        tier = _highest(now & lost[:, :, month] & ~was_lost)
        is_lost = tier > 0
        key = month * 10 + tier[is_lost]
        self._told.tell("tier_lost", day, numbers[is_lost], key, day=last, is_change=True)


def _highest(tiers: Bools) -> Ints:
    """The highest of some tiers by customer: of several at once only that is told. 0 where there is none."""
    ranks = np.arange(len(tiers))[:, None]
    highest: Ints = np.where(tiers, ranks, 0).max(axis=0)
    return highest
