"""The state of every business date, for ``acrm status``: looking changes nothing and stops no run.

Put here: what became of each batch, from landing, lake, the runs' log and releases. Keep out: printing it
(``status.py``).
"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from orchestration.expected import HalfDelivered, Overdue, delivered_as, half_delivered, overdue_days
from orchestration.failures import told
from orchestration.ingestion.audit import withdrawals
from orchestration.ingestion.lake import lake_batches, withdrawn_since_release
from orchestration.ingestion.landing import survey
from orchestration.journal import Entry, entries
from orchestration.lock import writer_at
from orchestration.plan import highest_sequences, nights_to_run
from orchestration.releases.on_disk import ReleaseInfo, releases
from orchestration.settings import BatchId, Settings
from orchestration.waiting import counting_batches, noted_nights, published_batches, refused_batches

State = Literal["published", "waiting", "failed", "half-delivered", "overdue"]
"""Built and in the current release; to be run next; run and failed, or left aside; begun and not whole; due
and not there."""


class Day(BaseModel):
    """A business date, or one delivery of it.

    Attributes:
        batch: The delivery as one word; None of a day that is overdue.
        since: Since when it is in that state: published, first failed, last written, due. None where nobody
            knows.
        times: How often it failed since it last went through.
        is_tried_again: Whether the next run tries it, too; what is left aside is not until something changes.
        reason: Why it failed, or what is missing; a line each.
        release: The release of the night that is kept.
    """

    model_config = ConfigDict(frozen=True)

    business_date: date
    sequence: int | None = None
    batch: str | None = None
    state: State
    in_landing: bool = False
    in_lake: bool = False
    since: datetime | None = None
    times: int = 0
    is_tried_again: bool = False
    station: str | None = None
    exit_code: int | None = None
    reason: tuple[str, ...] = ()
    release: str | None = None
    is_current: bool = False


class Overview(BaseModel):
    """A warehouse.

    Attributes:
        days: By business date, the oldest first.
        faults: What is wrong with landing itself.
        failed_run: Why the last run ended before any night, where none has run since.
        withdrawn: Batches that were taken out, and why.
        writer: What a run is at; None while nobody writes.
    """

    model_config = ConfigDict(frozen=True)

    home: str
    days: tuple[Day, ...]
    faults: tuple[str, ...]
    failed_run: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()
    writer: str | None = None

    def count(self, state: State) -> int:
        """How many are in a state."""
        return sum(day.state == state for day in self.days)


def overview(settings: Settings, now: datetime) -> Overview:
    """Where everything stands.

    Args:
        now: The clock: what is due by then and has not come is overdue.
    """
    writer = writer_at(settings)
    landing, lake = survey(settings), set(lake_batches(settings))
    refused = refused_batches(settings)
    counted = counting_batches(settings)
    # a run would stop where it cannot read landing
    available = [] if landing.unread else counted
    processed, published = noted_nights(settings), published_batches(settings)
    nights = nights_to_run(available, processed, published, withdrawn=withdrawn_since_release(settings))
    waiting = {night.batch for night in nights}
    # what nobody has run is not published, though no run would take it now
    done = {*published, *(night.batch for night in processed)} - waiting
    log = entries(settings)
    released = {(one.business_date, one.sequence): one for one in releases(settings)}
    unfinished = half_delivered(settings, waiting)
    days = [
        _day_of(settings, batch, batch in done, log, released.get((batch.business_date, batch.sequence)))
        for batch in highest_sequences(counted).values()
        if batch not in {one.batch for one in unfinished}
    ]
    for batch, error in refused.items():
        lines, code = told(error)
        known = _failures(log, batch)
        days.append(
            _named(batch, "failed").model_copy(
                update={
                    "since": known[0].at if known else None,
                    "times": len(known),
                    "reason": tuple(lines),
                    "exit_code": int(code),
                }
            )
        )
    days += [_half(one) for one in unfinished]
    begun = {day.business_date for day in days if day.state == "half-delivered"}
    days += [_overdue(one) for one in overdue_days(settings, now) if one.business_date not in begun]
    folders = landing.folders.keys()
    return Overview(
        home=str(settings.home),
        days=tuple(
            day.model_copy(update={"in_landing": batch in folders, "in_lake": batch in lake})
            for day in sorted(days, key=lambda day: (day.business_date, day.sequence or 0))
            for batch in [BatchId(day.business_date, day.sequence or 0)]
        ),
        faults=tuple(map(str, (*landing.unread, *landing.faults))),
        failed_run=log[-1].lines if log and log[-1].did == "failed" and log[-1].batch is None else (),
        withdrawn=tuple(map(str, withdrawals(settings))),
        writer=writer,
    )


def _named(batch: BatchId, state: State) -> Day:
    return Day(business_date=batch.business_date, sequence=batch.sequence, batch=batch.short, state=state)


def _day_of(
    settings: Settings, batch: BatchId, is_done: bool, log: list[Entry], release: ReleaseInfo | None
) -> Day:
    """A batch that counts: it waits, has failed, or is published."""
    shown = {"release": release.name, "is_current": release.is_current} if release else {}
    if is_done:
        done = [entry.at for entry in log if entry.batch == batch and entry.did == "published"]
        return _named(batch, "published").model_copy(update={**shown, "since": done[-1] if done else None})
    failures = _failures(log, batch)
    is_as_failed = bool(failures) and failures[-1].manifest_sha256 == delivered_as(settings, batch)
    if not is_as_failed:
        return _named(batch, "waiting").model_copy(update=shown)
    last = failures[-1]
    return _named(batch, "failed").model_copy(
        update={
            **shown,
            "since": failures[0].at,
            "times": len(failures),
            "is_tried_again": True,
            "station": last.station,
            "exit_code": last.exit_code,
            "reason": last.lines,
        }
    )


def _failures(log: list[Entry], batch: BatchId) -> list[Entry]:
    """How a batch failed since it last went through, of the delivery that failed last."""
    found: list[Entry] = []
    for entry in log:
        if entry.batch == batch:
            is_failure = entry.did in ("failed", "left_aside")
            is_same = not found or found[-1].manifest_sha256 == entry.manifest_sha256
            found = [*(found if is_same else []), entry] if is_failure else []
    return found


def _half(one: HalfDelivered) -> Day:
    return _named(one.batch, "half-delivered").model_copy(update={"since": one.since, "reason": (one.what,)})


def _overdue(one: Overdue) -> Day:
    return Day(
        business_date=one.business_date,
        state="overdue",
        since=one.since,
        reason=("a business day of the calendar, and no batch of it has come",),
    )
