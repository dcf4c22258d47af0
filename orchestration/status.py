"""Where a warehouse stands: batches, nights, releases."""

from rich.table import Table

from orchestration.console import out
from orchestration.ingestion.lake import lake_batches
from orchestration.ingestion.landing import survey
from orchestration.night import planned_nights, processed_nights
from orchestration.plan import highest_sequences
from orchestration.publication.release import releases
from orchestration.settings import Settings

_NEWEST = 15


def show_status(settings: Settings) -> None:
    """Print the newest business dates with what has become of each."""
    landing, lake = survey(settings), lake_batches(settings)
    landed = sorted(landing.folders)
    processed = processed_nights(settings)
    # a run would stop at a delivery that nobody can tell apart
    waiting = set() if landing.faults else {night.batch for night in planned_nights(settings)}
    done = {night.batch for night in processed}
    published = {(release.business_date, release.sequence): release for release in releases(settings)}
    counting = highest_sequences([*landed, *lake])
    table = Table(title=f"{settings.home}", title_justify="left")
    for column in ("business date", "seq", "in landing", "in lake", "run", "release"):
        table.add_column(column)
    for batch in list(counting.values())[-_NEWEST:]:
        release = published.get((batch.business_date, batch.sequence))
        table.add_row(
            str(batch.business_date),
            str(batch.sequence),
            "yes" if batch in landed else "",
            "yes" if batch in lake else "",
            "waiting" if batch in waiting else "yes" if batch in done else "",
            (release.name + (" ← current" if release.is_current else "")) if release else "",
        )
    out.print(table)
    out.print(f"{len(counting)} business dates, {len(waiting)} nights waiting.", highlight=False)
    for fault in landing.faults:
        out.print(str(fault), highlight=False, markup=False, soft_wrap=True)


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
