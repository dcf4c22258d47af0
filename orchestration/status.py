"""Where a warehouse stands: batches, nights, releases. Looking at it changes nothing and stops no run."""

from rich.table import Table

from orchestration.console import out
from orchestration.ingestion.lake import lake_batches
from orchestration.ingestion.landing import survey
from orchestration.lock import writer_away
from orchestration.plan import Processed, highest_sequences, nights_to_run
from orchestration.publication.release import releases
from orchestration.settings import Settings
from orchestration.waiting import early_batches, processed_nights, published_batches

_NEWEST = 15


def show_status(settings: Settings) -> None:
    """Print the newest business dates with what has become of each."""
    early = early_batches(settings)
    with writer_away(settings) as writer:
        landing, lake = survey(settings), lake_batches(settings)
        published = published_batches(settings)
        if writer is None:
            processed = processed_nights(settings)
        else:
            # the build database is the writer's; what the release rests on was run
            processed = [Processed(batch, has_state=True) for batch in published]
    landed = sorted(landing.folders.keys() - early.keys())
    # a run would stop at a delivery that nobody can tell apart
    available = [] if landing.faults else [*landed, *lake]
    waiting = {night.batch for night in nights_to_run(available, processed, published)}
    done = {night.batch for night in processed}
    released = {(release.business_date, release.sequence): release for release in releases(settings)}
    counting = highest_sequences([*landed, *lake])
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
    for fault in (*landing.faults, *early.values()):
        out.print(str(fault), soft_wrap=True)
    if writer is not None:
        out.print(f"A run is writing ({writer or 'it begins'}); what it has not published counts as waiting.")


def show_releases(settings: Settings) -> None:
    """Print the releases that are kept, oldest first."""
    table = Table(title="Releases", title_justify="left")
    for column in ("release", "data as of", "seq", "DuckDB file", "current"):
        table.add_column(column)
    for release in releases(settings):
        table.add_row(
            release.name,
            str(release.business_date),
            str(release.sequence),
            "yes" if release.has_database else "made again by a rollback",
            "current" if release.is_current else "",
        )
    out.print(table)
