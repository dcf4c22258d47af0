"""Which banks a size is measured on, and which of their nights."""

from dataclasses import dataclass
from datetime import date, timedelta

from orchestration.settings import BatchId
from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec
from sample_bank.timeline import is_business_day

GIB = 2**30


@dataclass(frozen=True)
class MeasuredNight:
    """A night that is measured.

    Attributes:
        is_resent: It runs once more, from a corrected batch of the same date.
    """

    label: str
    business_date: date
    is_resent: bool = False

    @property
    def batch(self) -> BatchId:
        """The batch that it runs."""
        return BatchId(self.business_date, 2 if self.is_resent else 1)


@dataclass(frozen=True)
class BenchBank:
    """One generated bank.

    Attributes:
        months: Whole months of history before the first night's month.
        first: The first night, which loads the history.
        nights: What is measured after it; nights between run without being told apart.
        free_bytes: Room that the bank and its warehouse need on the disk.
        floor_bytes: Room that the floor needs besides; most of it is what its first night spills.
    """

    name: str
    months: int
    first: date
    nights: tuple[MeasuredNight, ...]
    free_bytes: int
    floor_bytes: int = 0


@dataclass(frozen=True)
class Size:
    """A size of bank and what is measured on it.

    Attributes:
        choices: What the bank says in ``bank.yml``.
        has_stage_two: Whether it sends the extracts of chapters 5 to 7, too.
    """

    name: str
    customers: int
    written_as: Format
    banks: tuple[BenchBank, ...]
    choices: tuple[tuple[str, str | int], ...] = ()
    has_stage_two: bool = False

    def spec(self, bank: BenchBank) -> SampleSpec:
        """What to generate for a bank."""
        last = max(night.business_date for night in bank.nights)
        days = (bank.first + timedelta(days=count) for count in range((last - bank.first).days + 1))
        return SampleSpec(
            customers=self.customers,
            months=bank.months,
            nights=sum(map(is_business_day, days)),
            end=last,
            profile="suzhou",
            written_as=self.written_as,
            has_stage_two=self.has_stage_two,
        )


# April 2026 has a batch on the 2nd, the 28th and its last day; May begins with a holiday and a weekend
_DAY_2 = MeasuredNight("day 2", date(2026, 4, 2))
_DAY_28 = MeasuredNight("day 28", date(2026, 4, 28))
_MONTH_END = MeasuredNight("month end", date(2026, 4, 30))
_RESENT = MeasuredNight("month end, sent again", date(2026, 4, 30), is_resent=True)
_NEW_MONTH = MeasuredNight("first of a month", date(2026, 5, 4))

_FIRST_OF_APRIL = date(2026, 4, 1)
_LAST_OF_MARCH = date(2026, 3, 31)
_DAY_24 = date(2026, 4, 24)
"""Two business days before a measured night: the night after the first copies the database, later ones find a
spare one."""


def _every_night(months: int, shorter: int, free_bytes: int) -> tuple[BenchBank, ...]:
    """A bank that runs every night of April, and one with half the history for day 2."""
    nights = (_DAY_2, _DAY_28, _MONTH_END, _RESENT, _NEW_MONTH)
    return (
        BenchBank("shorter", shorter, _FIRST_OF_APRIL, (_DAY_2,), free_bytes // 2),
        BenchBank("main", months, _FIRST_OF_APRIL, nights, free_bytes),
    )


FORMATS = {"csv": Format(compression="gzip"), "parquet": Format(kind="parquet")}

SIZES = {
    "small": Size("small", 10_000, FORMATS["csv"], _every_night(18, 9, 4 * GIB)),
    "large": Size("large", 500_000, FORMATS["csv"], _every_night(24, 12, 30 * GIB)),
    # all chapters, with every extract
    "million": Size(
        "million",
        1_000_000,
        FORMATS["parquet"],
        (
            BenchBank("shorter", 3, _DAY_24, (_DAY_28, _MONTH_END), 15 * GIB, 5 * GIB),
            BenchBank("early", 12, _LAST_OF_MARCH, (_DAY_2,), 20 * GIB, 5 * GIB),
            BenchBank("main", 12, _DAY_24, (_DAY_28, _MONTH_END, _RESENT, _NEW_MONTH), 25 * GIB, 5 * GIB),
        ),
        choices=(("keep_releases", 1),),
        has_stage_two=True,
    ),
    # 23 nights of a city would run for hours: an early night of April is measured on a bank of its own
    "city": Size(
        "city",
        7_439_432,
        FORMATS["parquet"],
        (
            BenchBank("shorter", 12, _DAY_24, (_DAY_28, _MONTH_END), 50 * GIB, 20 * GIB),
            BenchBank("early", 12, _LAST_OF_MARCH, (_DAY_2,), 50 * GIB, 20 * GIB),
            BenchBank("main", 24, _DAY_24, (_DAY_28, _MONTH_END, _RESENT, _NEW_MONTH), 95 * GIB, 35 * GIB),
        ),
        choices=(("keep_releases", 1), ("contribution", "month_end")),
    ),
}
"""By name. Files are gzipped CSV, as most banks send them; a city's are Parquet, made in half the time."""
