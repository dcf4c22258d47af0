"""Which nights to run: what has arrived against what the warehouse already rests on."""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from orchestration.settings import BatchId


@dataclass(frozen=True)
class Processed:
    """A night that the build database holds.

    Attributes:
        has_state: Whether its nightly state is still kept, so that a replay can start after it.
    """

    batch: BatchId
    has_state: bool


@dataclass(frozen=True)
class Night:
    """One night to run.

    Attributes:
        previous: Business date of the night before; None if this is the first.
        is_published: Whether a release comes out of it. Nights replayed after a correction only publish
            from the last one on, so that readers never see the figures go back in time.
        restated_by: Batches that arrived late or again and so explain that closed months change.
    """

    batch: BatchId
    previous: date | None
    is_published: bool = True
    restated_by: tuple[BatchId, ...] = field(default=())

    def __str__(self) -> str:
        """The batch, and the night that it goes on from."""
        return f"{self.batch} after {self.previous or 'nothing'}"

    @property
    def closings(self) -> list["Closing"]:
        """Months that ended without a batch since the night before, in order."""
        if self.previous is None:
            return []
        found, day, before = [], _month_end(self.previous), self.previous
        while day < self.batch.business_date:
            if day > before:
                found.append(Closing(day, before, self.previous, told_by=self.batch.business_date))
            before, day = day, _month_end(day + timedelta(1))
        return found

    @property
    def ends_month_of(self) -> date | None:
        """The night before, where it was the last day of a month: this batch may tell more of that month."""
        is_last_day = self.previous is not None and self.previous == _month_end(self.previous)
        return self.previous if is_last_day else None

    @property
    def closings_again(self) -> list["Closing"]:
        """What makes the night's day anew, as the last of its month, with more of what happened in it."""
        own = Closing(self.batch.business_date, self.previous_day, self.previous, self.batch)
        return [*self.closings, own]

    @property
    def previous_day(self) -> date | None:
        """The day whose state this night carries on: the last closing's, else that of the night before."""
        return self.closings[-1].day if self.closings else self.previous


@dataclass(frozen=True)
class Closing:
    """A month's last day, computed before the first night of the next month.

    Attributes:
        day: The last day of the month.
        previous: The day whose state it carries on: the last night's, or the closing's before. None if the
            day itself was the first night.
        previous_batch: Business date of the last batch before that day.
        own: The day's own batch, if it had one and is computed anew.
        told_by: Business date of the batch that closes the month; None for that of the night which closes it.
    """

    day: date
    previous: date | None
    previous_batch: date | None
    own: BatchId | None = None
    told_by: date | None = field(default=None, compare=False)

    @property
    def month(self) -> date:
        """First day of the month."""
        return self.day.replace(day=1)


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def first_month(business_date: date, known: Iterable[date]) -> date:
    """The first month that a batch tells of: that of the batch before it, which it may have to close."""
    return max((day for day in known if day < business_date), default=business_date).replace(day=1)


def highest_sequences(batches: Iterable[BatchId]) -> dict[date, BatchId]:
    """The batch that counts for each business date, in order of date."""
    return {batch.business_date: batch for batch in sorted(batches)}


def nights_to_run(
    available: Iterable[BatchId],
    processed: Iterable[Processed],
    published: Iterable[BatchId] = (),
    again: date | None = None,
    *,
    until: date | None = None,
    withdrawn: Iterable[BatchId] = (),
) -> list[Night]:
    """Decide which nights to run, in order of business date.

    The first batch that is new, sent again or asked for again decides where to start: after the last
    night before it whose state is kept, or from the beginning. After the last day of a month only if that
    day can be computed anew, since the next batch may tell more of it.

    Args:
        available: Complete batches in landing and lake.
        processed: Nights that the build database holds.
        published: Batches that the current release rests on. What it lacks of the time up to its date
            explains that figures change, however often a run is interrupted on the way.
        again: Business date to run once more though nothing new arrived.
        until: Leave later business dates waiting.
        withdrawn: Batches that the current release rests on and that were taken out since. Where nothing has
            come after them, the night before them is published once more.
    """
    counting = {
        business_date: batch
        for business_date, batch in highest_sequences(available).items()
        if until is None or business_date <= until
    }
    done = {night.batch.business_date: night for night in processed}
    resting_on, gone = set(published), set(withdrawn)
    lost = {
        batch
        for batch in gone & resting_on
        if batch.business_date not in counting and (until is None or batch.business_date <= until)
    }
    starts = [
        business_date
        for business_date, batch in counting.items()
        if business_date not in done or done[business_date].batch != batch
    ]
    if again in counting:
        starts.append(again)
    if lost and not starts and counting:
        starts.append(max(counting))
    if not starts:
        return []
    start = min(starts)
    base = max((night for night in done if night < start and _can_go_on_from(night, done)), default=None)
    as_of = max((batch.business_date for batch in resting_on - lost), default=None)
    restated_by = tuple(
        batch
        for batch in sorted({*counting.values(), *gone})
        if as_of is not None and batch.business_date <= as_of and (batch not in resting_on or batch in gone)
    )
    nights = []
    previous = base
    for business_date, batch in counting.items():
        if base is not None and business_date <= base:
            continue
        is_published = as_of is None or business_date >= as_of
        nights.append(Night(batch, previous, is_published, restated_by))
        previous = business_date
    return nights


def _can_go_on_from(night: date, done: Mapping[date, Processed]) -> bool:
    before = max((earlier for earlier in done if earlier < night), default=None)
    if before is None or night != _month_end(night):
        return done[night].has_state
    return done[night].has_state and done[before].has_state


def kept_states(processed: Iterable[date], newest: int = 2, month_ends: int = 2) -> list[date]:
    """Nights whose state stays: the newest ones, and the last of each of some months before.

    Where that one was the month's last day, the night before it stays, too: see :class:`Closing`.
    """
    nights = sorted(processed)
    last_of_month = {(night.year, night.month): night for night in nights}
    ends = list(last_of_month.values())[-month_ends - 1 : -1] if month_ends else []
    before = [earlier for earlier, night in pairwise(nights) if night in ends and night == _month_end(night)]
    return sorted({*nights[-newest:], *ends, *before})
