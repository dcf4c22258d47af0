"""Where a warehouse stands: batches, nights, releases. Looking at it changes nothing and stops no run."""

from rich.table import Table

from orchestration.console import out
from orchestration.ingestion.audit import withdrawals
from orchestration.ingestion.lake import lake_batches, withdrawn_since_release
from orchestration.ingestion.landing import survey
from orchestration.lock import writer_at
from orchestration.plan import highest_sequences, nights_to_run
from orchestration.publication.release import releases
from orchestration.settings import Settings
from orchestration.waiting import counting_batches, noted_nights, published_batches, refused_batches

_NEWEST = 15


def show_status(settings: Settings) -> None:
    """Print the newest business dates with what has become of each."""
    writer = writer_at(settings)
    landing, lake = survey(settings), lake_batches(settings)
    refused, published = refused_batches(settings), published_batches(settings)
    processed = noted_nights(settings)
    gone = withdrawals(settings)
    counted = counting_batches(settings)
    # a run would stop at a delivery that nobody can tell apart, and where it cannot read landing
    available = [] if landing.faults or landing.unread else counted
    pending = withdrawn_since_release(settings)
    waiting = {night.batch for night in nights_to_run(available, processed, published, withdrawn=pending)}
    done = {night.batch for night in processed}
    landed = landing.folders.keys() - refused.keys()
    released = {(release.business_date, release.sequence): release for release in releases(settings)}
    counting = highest_sequences(counted)
    table = Table(title=f"{settings.home}", title_justify="left")
    for column in ("business date", "seq", "in landing", "in lake", "run", "release"):
        table.add_column(column)
    for batch in list(counting.values())[-_NEWEST:]:
        release = released.get((batch.business_date, batch.sequence))
        table.add_row(
            str(batch.business_date),
            str(batch.sequence),
            "yes" if batch in landed else "",
            "yes" if batch in lake else "",
            "waiting" if batch in waiting else "yes" if batch in done else "",
            (release.name + (" ← current" if release.is_current else "")) if release else "",
        )
    out.print(table)
    out.print(f"{len(counting)} business dates, {len(waiting)} nights waiting.")
    for line in (*landing.unread, *landing.faults, *refused.values(), *gone[-_NEWEST:]):
        out.print(str(line), soft_wrap=True)
    if writer is not None:
        out.print(f"A run is writing ({writer or 'it begins'}); what it has not published counts as waiting.")


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
