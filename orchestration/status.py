"""Where a warehouse stands, printed: looking at it changes nothing and stops no run."""

from datetime import UTC, datetime

from rich.table import Table

from orchestration.console import counted, out
from orchestration.overview import Day, State, overview
from orchestration.releases.on_disk import releases
from orchestration.settings import Settings

_NEWEST = 15
_OVERDUE = 5
_WRONG: tuple[State, ...] = ("failed", "half-delivered", "overdue")


def show_status(settings: Settings, now: datetime | None = None, *, as_json: bool = False) -> None:
    """Print the newest business dates with what has become of each, and why where something is wrong.

    Args:
        now: The clock; without it, that of the machine.
        as_json: Whether all business dates are printed for programs.
    """
    found = overview(settings, now or datetime.now(UTC))
    if as_json:
        out.print(found.model_dump_json(indent=2), soft_wrap=True)
        return
    overdue = [day for day in found.days if day.state == "overdue"]
    hidden = overdue[_OVERDUE:]
    table = Table(title=f"{settings.home}", title_justify="left")
    for column in ("business date", "batch", "in landing", "in lake", "state", "since", "release"):
        table.add_column(column)
    days = [day for day in found.days if day not in hidden][-_NEWEST:]
    for day in days:
        table.add_row(
            str(day.business_date),
            day.batch or "",
            "yes" if day.in_landing else "",
            "yes" if day.in_lake else "",
            f"{day.state} {day.times} times" if day.times > 1 else day.state,
            _time(settings, day),
            (day.release + (" ← current" if day.is_current else "")) if day.release else "",
        )
    out.print(table)
    if hidden:
        more = counted(len(hidden), "more business day is", "more business days are")
        out.print(f"{more} overdue, up to {hidden[-1].business_date}.")
    # a night that failed waits as well: the next run tries it again
    waiting = found.count("waiting") + sum(day.state == "failed" and day.is_tried_again for day in found.days)
    dates = len({day.business_date for day in found.days if day.in_landing or day.in_lake})
    wrong = ", ".join(f"{found.count(state)} {state}" for state in _WRONG if found.count(state))
    known, next_ones = counted(dates, "business date"), counted(waiting, "night")
    out.print(f"{known}, {next_ones} waiting{f'; {wrong}' if wrong else ''}.")
    for line in found.faults:
        out.print(line, soft_wrap=True)
    for line in found.failed_run:
        out.print(f"The last run ended before any night: {line}", soft_wrap=True)
    for day in found.days:
        for line in day.reason if day.state != "overdue" else ():
            out.print(f"{day.batch} {_at(day)}: {line}", soft_wrap=True)
    for line in found.withdrawn[-_NEWEST:]:
        out.print(line, soft_wrap=True)
    if found.writer is not None:
        out.print(
            f"A run is writing ({found.writer or 'it begins'}); what it has not published counts as waiting."
        )


def _at(day: Day) -> str:
    return f"{day.state} at {day.station}" if day.station else day.state


def _time(settings: Settings, day: Day) -> str:
    if day.since is None:
        return ""
    return f"{day.since.astimezone(settings.zone):%Y-%m-%d %H:%M}"


def show_releases(settings: Settings) -> None:
    """Print the releases that are kept, oldest first."""
    table = Table(title="Releases", title_justify="left")
    for column in ("release", "data as of", "seq", "DuckDB file", "hash key", "current"):
        table.add_column(column)
    for release in releases(settings):
        table.add_row(
            release.name,
            str(release.business_date),
            str(release.sequence),
            "yes" if release.has_database else "made again by a rollback",
            release.hash_key,
            "current" if release.is_current else "",
        )
    out.print(table)
