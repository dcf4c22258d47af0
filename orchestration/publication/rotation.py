"""Releases and the key of their hashes: all that are kept have one, and changing it is a step of its own."""

from orchestration.errors import ConfigurationError
from orchestration.ingestion.lake import read_report
from orchestration.ingestion.landing import landing_folder
from orchestration.ingestion.manifest import MANIFEST, file_digest
from orchestration.publication.cut import cuts_folder
from orchestration.publication.retention import delete_releases
from orchestration.publication.spare import SPARE, discard_spare
from orchestration.releases.catalog import read_catalog
from orchestration.releases.files import remove
from orchestration.releases.keys import HASH_KEY, generated_manifests, key_file, read_key
from orchestration.releases.on_disk import current_release, releases
from orchestration.settings import BatchId, Settings


def require_same_key(settings: Settings) -> None:
    """Refuse to go on under another key than the current release's: its hashes would not match the next.

    Releases of other keys go where the current one has this key: a change of the key was cut short. Only the
    writer may call this.

    Raises:
        ConfigurationError: There is no key, or it is another one.
    """
    key = read_key(settings, HASH_KEY)
    current = current_release(settings)
    if current is None or not current.hash_key:
        return
    if current.hash_key != key.fingerprint:
        raise ConfigurationError(
            f"The hash key (of {HASH_KEY} or {key_file(settings, HASH_KEY)}) is {key.fingerprint}; release "
            f"{current.name} was hashed by {current.hash_key}. Name that key, or change to the new one "
            "for good: acrm rotate-key"
        )
    drop_other_keys(settings, key.fingerprint)


def drop_other_keys(settings: Settings, fingerprint: str) -> None:
    """Delete every release, spare database and cut whose hashes are another key's."""
    others = {release.name for release in releases(settings) if release.hash_key not in ("", fingerprint)}
    delete_releases(settings, others)
    spare = read_catalog(settings.published / SPARE)
    if spare is not None and spare.hash_key not in ("", fingerprint):
        discard_spare(settings)
    for catalog in cuts_folder(settings).glob("*/*/"):
        cut = read_catalog(catalog)
        if cut is not None and cut.hash_key not in ("", fingerprint):
            remove(catalog)


def require_own_key(settings: Settings, batch: BatchId) -> None:
    """Refuse to hash a bank's delivery by the key that everybody knows.

    Raises:
        ConfigurationError: It is that key, and the batch was not generated here.
    """
    key = read_key(settings, HASH_KEY)
    if not key.is_demo:
        return
    report = read_report(settings, batch)
    manifest = landing_folder(settings, batch) / MANIFEST
    digest = report.manifest_sha256 if report is not None else file_digest(manifest)
    if digest not in generated_manifests(settings):
        place = key_file(settings, HASH_KEY)
        raise ConfigurationError(
            f"{batch} was not generated here, and the hash key is that of generated banks, which everybody "
            f"knows. Put a key of your own in the place of {place} (openssl rand -hex 32), and go on in an "
            "ACRM_HOME that holds no generated bank; where its releases are to stay: acrm rotate-key"
        )
