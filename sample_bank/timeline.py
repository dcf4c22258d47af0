"""Days, months and nights of a sample: which days a batch arrives, which are weekends or festivals."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Self

import numpy as np
import polars as pl

from sample_bank.rng import Bools, Ints

EPOCH = date(1970, 1, 1)
NEVER = 10_000_000
"""Day number after all others."""

SPRING_FESTIVALS = (
    "2010-02-14", "2011-02-03", "2012-01-23", "2013-02-10", "2014-01-31", "2015-02-19", "2016-02-08",
    "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22",
    "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03",
)  # fmt: skip
SPRING_DAYS = 7
FIXED_FESTIVALS = {
    (1, 1): "new_year",
    (4, 5): "qingming",
    (5, 1): "labour_day",
    (5, 2): "labour_day",
    (10, 1): "national_day",
    (10, 2): "national_day",
    (10, 3): "national_day",
}
SETTLEMENT_MONTHS = (3, 6, 9, 12)
SETTLEMENT_DAY = 21
SMALL_FEE_DAY = 25
CALENDAR_AHEAD_DAYS = 120


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def as_date(number: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=number)


def date_series(name: str, numbers: Ints) -> pl.Series:
    """Day numbers as dates; :data:`NEVER` becomes null."""
    days = pl.Series(name, numbers)
    return days.set(days >= NEVER, None).cast(pl.Int32).cast(pl.Date)


def next_month(month: date) -> date:
    """First day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def earlier_month(month: date, months: int) -> date:
    """First day of the month so many months before."""
    index = month.year * 12 + month.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def festival(day: date) -> str | None:
    """Code of the festival on a day."""
    for start in SPRING_FESTIVALS:
        if 0 <= (day - date.fromisoformat(start)).days < SPRING_DAYS:
            return "spring_festival"
    return FIXED_FESTIVALS.get((day.month, day.day))


def is_business_day(day: date) -> bool:
    """Whether a batch is due: neither weekend nor festival."""
    return day.weekday() < 5 and festival(day) is None


@dataclass(frozen=True)
class Timeline:
    """The time a sample covers.

    Attributes:
        months: First days of all months, history first, up to the month of the last night.
        nights: Business dates with a batch.
    """

    months: tuple[date, ...]
    nights: tuple[date, ...]

    @classmethod
    def ending(cls, end: date, months: int, nights: int) -> Self:
        """Nights up to ``end`` or the last business day before it, after so many months of history."""
        found: list[date] = []
        day = end
        while len(found) < nights:
            if is_business_day(day):
                found.append(day)
            day -= timedelta(days=1)
        first, last = found[-1].replace(day=1), found[0].replace(day=1)
        covered = [earlier_month(first, months)]
        while covered[-1] < last:
            covered.append(next_month(covered[-1]))
        return cls(tuple(covered), tuple(reversed(found)))

    @cached_property
    def night_days(self) -> Ints:
        """Day numbers of the nights."""
        return np.array([day_number(night) for night in self.nights])

    @cached_property
    def month_starts(self) -> Ints:
        """Day number of each month's first day and of the first day after the last month."""
        return np.array([day_number(month) for month in (*self.months, next_month(self.months[-1]))])

    @cached_property
    def history_months(self) -> int:
        """How many of the months begin before the first night; the last of them may be partly covered."""
        return int(np.searchsorted(self.month_starts, self.night_days[0], side="left"))

    @cached_property
    def first_night_month(self) -> int:
        """Index of the month of the first night."""
        return self.month_of(int(self.night_days[0]))

    @cached_property
    def business_days(self) -> tuple[Ints, ...]:
        """Business days of each month."""
        found = []
        for start, after in zip(self.month_starts[:-1], self.month_starts[1:], strict=True):
            days = [day for day in range(int(start), int(after)) if is_business_day(as_date(day))]
            found.append(np.array(days))
        return tuple(found)

    @cached_property
    def merger_day(self) -> int:
        """Day that an outlet is merged into another: a night in the middle."""
        return int(self.night_days[len(self.night_days) // 2])

    def month_of(self, day: int) -> int:
        """Index of the month that a day lies in."""
        return int(np.searchsorted(self.month_starts, day, side="right")) - 1

    def business_day_before(self, day: int) -> int:
        """The last business day before a day."""
        day -= 1
        while not is_business_day(as_date(day)):
            day -= 1
        return day

    def settlement_day(self, month: int) -> int:
        """Day on which interest is posted in a month; :data:`NEVER` in months without one."""
        return self._first_business_day_from(month, SETTLEMENT_DAY)

    def small_fee_day(self, month: int) -> int:
        """Day on which small accounts are charged in a month; :data:`NEVER` in months without one."""
        return self._first_business_day_from(month, SMALL_FEE_DAY)

    def _first_business_day_from(self, month: int, day_of_month: int) -> int:
        if self.months[month].month not in SETTLEMENT_MONTHS:
            return NEVER
        days = self.business_days[month]
        return int(days[days >= self.month_starts[month] + day_of_month - 1][0])

    def calendar(self) -> pl.DataFrame:
        """The calendar table, from the start of the history to some months after the last night."""
        days = range(int(self.month_starts[0]), int(self.night_days[-1]) + CALENDAR_AHEAD_DAYS)
        dates = [as_date(day) for day in days]
        marks = range(len(self.months))
        settlements = {self.settlement_day(month) for month in marks}
        fee_days = {self.small_fee_day(month) for month in marks}
        return pl.DataFrame(
            {
                "calendar_date": dates,
                "is_business_day": [is_business_day(day) for day in dates],
                "is_interest_settlement": [day in settlements for day in days],
                "is_small_fee_day": [day in fee_days for day in days],
                "festival_code": pl.Series([festival(day) for day in dates], dtype=pl.String),
            }
        )


def overlap(first: Ints | int, after: Ints | int, start: Ints, end: Ints) -> Ints:
    """Days that the span from ``first`` up to ``after`` shares with the one from ``start`` up to ``end``."""
    shared: Ints = np.minimum(after, end) - np.maximum(first, start)
    return np.maximum(shared, 0)


def falls_on(days: Ints, night: int, previous: int) -> Bools:
    """Whether a day is reached by the night's batch: after the previous batch, up to this one."""
    reached: Bools = (days > previous) & (days <= night)
    return reached
