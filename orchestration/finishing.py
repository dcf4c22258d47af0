"""A publication that was cut short when its release was whole: the next run finishes it.

Put here: what is noted before a release is written, and how the next run goes on from it. Keep out: how a
release is written (``publication/publish.py``), and what is noted when a night is done (``night.py``).
"""

from orchestration.ingestion.lake import lake_batches
from orchestration.plan import Night
from orchestration.publication.retention import delete_old_releases
from orchestration.releases.on_disk import ReleaseInfo, releases, switch
from orchestration.settings import Settings
from orchestration.warehouse import open_database, shown_night, tables

_NOTE = ("pipeline", "publishing")


def note_publishing(settings: Settings, night: Night) -> None:
    """Note that all of a night is built and checked, and which release was the newest."""
    newest = max((release.publication for release in releases(settings)), default=0)
    with open_database(settings) as connection:
        connection.execute(
            "create or replace table pipeline.publishing as"
            " select $night::varchar as night, $newest::bigint as newest_publication",
            {"night": str(night), "newest": newest},
        )


def unfinished_publication(settings: Settings) -> tuple[Night, ReleaseInfo] | None:
    """The night whose release is whole though the night was never noted as done, with that release."""
    newest = releases(settings)[-1:]
    if not newest or not settings.database.exists():
        return None
    with open_database(settings) as connection:
        if _NOTE not in tables(connection):
            return None
        night = shown_night(connection)
        noted = connection.execute("select night, newest_publication from pipeline.publishing").fetchone()
    (release,) = newest
    is_its = (
        night is not None
        and noted is not None
        and noted[0] == str(night)
        and noted[1] < release.publication
        and (release.business_date, release.sequence) == (night.batch.business_date, night.batch.sequence)
        # taken out since
        and night.batch in lake_batches(settings)
    )
    return (night, release) if is_its and night is not None else None


def show_unfinished(settings: Settings, release: ReleaseInfo) -> None:
    """Make the release current, as its publication would have, and let old ones go."""
    if not release.is_current:
        switch(settings, release.name)
    delete_old_releases(settings)
