"""A generated bank of many months with few nights a month, its nights in memory, and how figures are told.

Put here: what programs share that measure figures of whole years. Keep out: what each of them measures.
What a bank does between two nights comes with the later one, so that months are as full as with every night.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table as Shown

from orchestration.releases.keys import HASH_KEY
from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec
from sample_bank.profile import ProfileName
from sample_bank.timeline import Timeline, earlier_month, is_business_day, next_month
from tests.support.generated_nights import GeneratedNights

DOCUMENT = Path(__file__).parent / "PLANTED.md"
_KEY = "key of the benchmarks, which protects nothing"


class FewNights(SampleSpec):
    """A bank whose nights are spread evenly over whole months.

    Attributes:
        night_months: Months with nights, the one of ``end`` included.
        a_month: Nights a month, at most; the last of them is its last business day.
    """

    night_months: int
    a_month: int
    profile: ProfileName = "wealthy"
    months: int = 12
    written_as: Format = Format(kind="parquet")

    @property
    def timeline(self) -> Timeline:
        """The months and nights of the bank."""
        first = earlier_month(self.end.replace(day=1), self.night_months - 1)
        months = [earlier_month(first, self.months)]
        while months[-1] < self.end.replace(day=1):
            months.append(next_month(months[-1]))
        nights = [night for month in months[self.months :] for night in _spread(month, self.a_month)]
        return Timeline(tuple(months), tuple(nights))


def _spread(month: date, count: int) -> list[date]:
    days = [date.fromordinal(day) for day in range(month.toordinal(), next_month(month).toordinal())]
    business = [day for day in days if is_business_day(day)]
    return sorted({business[len(business) * (place + 1) // count - 1] for place in range(count)})


def nights_of(marts: Iterable[str]) -> GeneratedNights:
    """A warehouse of a few marts in memory, for batches in files."""
    os.environ.setdefault(HASH_KEY, _KEY)
    return GeneratedNights(marts)


@dataclass(frozen=True)
class Figure:
    """How many of how many.

    Attributes:
        what: What is counted.
        held: How many it is so of.
        of: How many there are.
    """

    what: str
    held: int
    of: int

    @property
    def share(self) -> str:
        """In per cent with one digit."""
        return f"{self.held / self.of:.1%}" if self.of else "–"


def show(title: str, figures: Iterable[Figure]) -> None:
    """Print figures as a table."""
    table = Shown(title, "", "of", "share")
    for figure in figures:
        table.add_row(figure.what, f"{figure.held:,}", f"{figure.of:,}", figure.share)
    Console().print(table)


def rows_of(title: str, figures: Iterable[Figure]) -> list[str]:
    """The same table in Markdown."""
    lines = [f"| {title} | | of | share |", "|---|--:|--:|--:|"]
    return lines + [f"| {each.what} | {each.held:,} | {each.of:,} | {each.share} |" for each in figures]


def write_section(section: str, lines: Iterable[str], document: Path = DOCUMENT) -> None:
    """Put lines into the document in place of those that stand between the marks of a section.

    Raises:
        ValueError: The document has no such marks.
    """
    begin, end = f"<!-- {section} -->", f"<!-- end of {section} -->"
    before, _, rest = document.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{document.name}: no {begin} and {end}")
    text = "\n".join(lines)
    document.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
