"""What should have come and has not: business days without a batch, and deliveries that are not whole.

Put here: looking at calendar, clock and landing. Keep out: what came of whole batches (``waiting.py``).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from orchestration.errors import AcrmError
from orchestration.ingestion.lake import lake_batches, read_report, table_files
from orchestration.ingestion.landing import batch_of, landing_folder
from orchestration.ingestion.manifest import MANIFEST, file_digest, read_manifest, shown
from orchestration.journal import Journal
from orchestration.releases.keys import generated_manifests
from orchestration.settings import BatchId, Settings
from orchestration.waiting import counting_batches, noted_nights, published_batches

_SET_ASIDE = (".", "_")


@dataclass(frozen=True)
class Overdue:
    """A business day whose batch has not come in time.

    Attributes:
        since: When it was due: at ``nightly_at`` of the day after, in the bank's time zone.
    """

    business_date: date
    since: datetime


@dataclass(frozen=True)
class HalfDelivered:
    """A batch's folder that holds files and is not whole.

    Attributes:
        since: When the newest of its files was written.
        what: What is missing, and what to do.
    """

    batch: BatchId
    since: datetime
    what: str


def overdue_days(settings: Settings, now: datetime) -> list[Overdue]:
    """Business days after the last night that are due and have no complete batch, oldest first.

    The newest calendar that was delivered says which days these are; without one, and for a generated bank,
    nobody can tell.
    """
    done = [*published_batches(settings), *(night.batch for night in noted_nights(settings))]
    if not done or _is_generated(settings, max(done)):
        return []
    last = max(done).business_date
    there = {batch.business_date for batch in counting_batches(settings)}
    found = [
        Overdue(day, due)
        for day in _business_days(settings, last)
        if day not in there and (due := _due(settings, day)) <= now
    ]
    return sorted(found, key=lambda overdue: overdue.business_date)


def tell_late(journal: Journal) -> None:
    """Have it told which business day is overdue by the journal's clock, and how many after it.

    One notice, however many are: the others wait for the first. It never raises.
    """
    try:
        days = overdue_days(journal.settings, journal.now())
        if days:
            journal.late(days[0].business_date, days[0].since, more=len(days) - 1)
    except Exception as error:
        # the runs are what matters, and they say what is wrong with the warehouse
        journal.say(f"Nobody can tell which business days are late: {type(error).__name__}.")


def half_delivered(settings: Settings, waiting: Collection[BatchId]) -> list[HalfDelivered]:
    """Deliveries that somebody has begun: no manifest, or files that their manifest names are not there.

    Args:
        waiting: Complete batches that no run has taken yet.
    """
    found = [
        one
        for folder in sorted(_folders(settings.landing))
        if (batch := batch_of(folder)) is not None and (one := _without_manifest(batch, folder)) is not None
    ]
    found += [one for batch in waiting if (one := _without_files(settings, batch)) is not None]
    return sorted(found, key=lambda one: one.batch)


def _is_generated(settings: Settings, batch: BatchId) -> bool:
    report = read_report(settings, batch)
    return report is not None and report.manifest_sha256 in generated_manifests(settings)


def _due(settings: Settings, day: date) -> datetime:
    return datetime.combine(day + timedelta(1), settings.bank.nightly_at, settings.zone)


def _business_days(settings: Settings, after: date) -> list[date]:
    for batch in reversed(lake_batches(settings)):
        if files := table_files(settings, "calendar", batch):
            days = pl.read_parquet(files, columns=["calendar_date", "is_business_day"])
            is_due = pl.col("is_business_day") & (pl.col("calendar_date") > after)
            return days.filter(is_due)["calendar_date"].to_list()
    return []


def _folders(landing: Path) -> list[Path]:
    """Folders two levels down, those left out that somebody has put aside or is still writing."""
    found = []
    try:
        for day in landing.iterdir():
            if day.is_dir() and not day.name.startswith(_SET_ASIDE):
                found += [path for path in day.iterdir() if not path.name.startswith(_SET_ASIDE)]
        return [path for path in found if path.is_dir()]
    except OSError:
        # what cannot be read is named by the survey of landing
        return []


def _without_manifest(batch: BatchId, folder: Path) -> HalfDelivered | None:
    try:
        files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(_SET_ASIDE)]
        if not files or any(path.name.lower() == MANIFEST for path in files):
            return None
        newest = max(path.stat().st_mtime for path in files)
    except OSError:
        return None
    what = (
        f"{len(files)} files and no {MANIFEST}: the delivery is not finished, or its last file was lost. "
        "Have the rest sent; no run takes it until then"
    )
    return HalfDelivered(batch, datetime.fromtimestamp(newest, UTC).astimezone(), what)


def _without_files(settings: Settings, batch: BatchId) -> HalfDelivered | None:
    folder = landing_folder(settings, batch)
    try:
        deliveries = read_manifest(folder, batch).deliveries
        missing = [
            (table.name, file.name)
            for table, delivery in deliveries
            for file in delivery.files
            if not (folder / file.name).is_file()
        ]
        newest = (folder / MANIFEST).stat().st_mtime
    except (OSError, AcrmError):
        # a run says what is wrong with it
        return None
    if not missing:
        return None
    table, file = missing[0]
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    what = (
        f"{table} · {shown(file)}{more}: named in {MANIFEST} and not there. Have the delivery sent whole, "
        f"with a higher sequence if {MANIFEST} changes"
    )
    return HalfDelivered(batch, datetime.fromtimestamp(newest, UTC).astimezone(), what)


def delivered_as(settings: Settings, batch: BatchId) -> str | None:
    """Checksum of a batch's manifest as it lies in landing; None where it does not."""
    manifest = landing_folder(settings, batch) / MANIFEST
    try:
        return file_digest(manifest) if manifest.is_file() else None
    except OSError:
        return None
