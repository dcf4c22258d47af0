"""The last night published once more without running it: by another key, in the clear, or in part."""

from pathlib import Path

from orchestration.confirmation import note_complete
from orchestration.errors import PublicationError
from orchestration.lock import writer_lock
from orchestration.night import make_release
from orchestration.plan import Night
from orchestration.publication.cut import Wanted, write_cut
from orchestration.publication.private import publish_private
from orchestration.publication.quality import GATE_MARTS
from orchestration.publication.retention import delete_releases
from orchestration.publication.rotation import drop_other_keys
from orchestration.publication.spare import discard_spare
from orchestration.releases.keys import HASH_KEY, read_key
from orchestration.releases.marts import marts_from_manifest
from orchestration.releases.on_disk import current_release, releases
from orchestration.settings import BatchId, Settings
from orchestration.transform import Transform
from orchestration.waiting import processed_nights, published_batches
from orchestration.warehouse import hash_by, open_database, transaction


def change_key(settings: Settings) -> str:
    """Make a release under the key that is configured now, and delete all else that bears the old one.

    Returns:
        Name of the release.

    Raises:
        PublicationError: The build database does not stand where the current release stands.
    """
    with writer_lock(settings):
        night = Night(_standing_batch(settings), previous=None)
        key = read_key(settings, HASH_KEY)
        # a run that is cut short afterwards finds the database under the new key, whichever is named then
        with open_database(settings) as connection, transaction(connection):
            hash_by(connection, key)
        release = make_release(settings, night, Transform(settings).manifest)
        with open_database(settings) as connection:
            note_complete(connection, settings)
        delete_releases(settings, {old.name for old in releases(settings)} - {release})
        discard_spare(settings)
        current = current_release(settings)
        assert current is not None, "the release that was made is current"
        drop_other_keys(settings, current.hash_key)
    return release


def make_private_release(settings: Settings) -> Path:
    """Write the current release once more with its clear values, encrypted.

    Raises:
        ConfigurationError: There is no key, or nothing to encrypt with.
        PublicationError: The build database does not stand where the current release stands.
    """
    with writer_lock(settings):
        _standing_batch(settings)
        current = current_release(settings)
        assert current is not None, "a standing batch is that of the current release"
        marts = [*marts_from_manifest(Transform(settings).manifest), *GATE_MARTS]
        return publish_private(settings, current, marts)


def make_cut(settings: Settings, wanted: Wanted) -> Path:
    """Write the part of the current release that an org or a manager may see.

    Raises:
        NotFoundError: There is no such org, or no customer of such a manager.
        PublicationError: The build database does not stand where the current release stands.
    """
    with writer_lock(settings):
        _standing_batch(settings)
        current = current_release(settings)
        assert current is not None, "a standing batch is that of the current release"
        return write_cut(settings, current, wanted)


def _standing_batch(settings: Settings) -> BatchId:
    nights, published = processed_nights(settings), published_batches(settings)
    if not nights or not published or nights[-1].batch != max(published):
        raise PublicationError(
            "The build database does not hold the night of the current release. Run what is waiting, or "
            "go back to the newest release; then do this again."
        )
    return nights[-1].batch
