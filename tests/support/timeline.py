"""Days, months, and values that hold from one day until the next entry."""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Generic, TypeVar

T = TypeVar("T")


def month_start(day: date) -> date:
    """First day of the day's month."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Last day of the day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def add_months(day: date, months: int) -> date:
    """First day of the month that lies ``months`` after the day's month."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def months_between(earlier: date, later: date) -> int:
    """Calendar months from one to the other."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def days(first: date, last: date) -> list[date]:
    """Every calendar day from first to last, both included."""
    return [first + timedelta(n) for n in range((last - first).days + 1)]


@dataclass
class Timeline(Generic[T]):
    """A value per day: each entry holds until the next one; None before the first."""

    entries: dict[date, T | None] = field(default_factory=dict)

    def set(self, since: date, value: T | None) -> None:
        """Let the value hold from ``since``."""
        self.entries[since] = value

    def at(self, day: date) -> T | None:
        """The value of the day."""
        past = [since for since in self.entries if since <= day]
        return self.entries[max(past)] if past else None

    @property
    def first(self) -> date | None:
        """Day of the first entry."""
        return min(self.entries, default=None)
