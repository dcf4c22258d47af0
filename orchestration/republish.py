"""Publish the last night's marts once more, without running the night: under another key."""

from orchestration.confirmation import note_complete
from orchestration.errors import PublicationError
from orchestration.night import Run, processed_nights, published_batches, writer_lock
from orchestration.plan import Night
from orchestration.publication.release import releases
from orchestration.publication.retention import delete_releases
from orchestration.settings import Settings
from orchestration.warehouse import open_database


def change_key(settings: Settings) -> str:
    """Make a release under the key that is configured now, and delete all others, which bear the old one.

    Returns:
        Name of the release.

    Raises:
        PublicationError: The build database does not stand where the current release stands.
    """
    with writer_lock(settings):
        nights, published = processed_nights(settings), published_batches(settings)
        if not nights or not published or nights[-1].batch != max(published):
            raise PublicationError(
                "The build database does not hold the night of the current release. Run what is waiting, or "
                "roll forward to the newest release, under the old key; then change the key."
            )
        release = Run(settings).publish(Night(nights[-1].batch, previous=None))
        with open_database(settings) as connection:
            note_complete(connection, settings)
        delete_releases(settings, {old.name for old in releases(settings)} - {release})
    return release
