"""Releases and the key of their hashes: all that are kept have one, and changing it is a step of its own."""

from orchestration.errors import ConfigurationError
from orchestration.publication.catalog import read_catalog
from orchestration.publication.keys import HASH_KEY, key_file, read_key
from orchestration.publication.release import current_release
from orchestration.settings import Settings


def require_same_key(settings: Settings) -> None:
    """Refuse to go on under another key than the current release's: its hashes would not match the next.

    Raises:
        ConfigurationError: There is no key, or it is another one.
    """
    key = read_key(settings, HASH_KEY)
    current = current_release(settings)
    catalog = None if current is None else read_catalog(current.folder)
    if catalog is not None and catalog.hash_key and catalog.hash_key != key.fingerprint:
        raise ConfigurationError(
            f"The hash key (of {HASH_KEY} or {key_file(settings, HASH_KEY)}) is {key.fingerprint}; release "
            f"{catalog.release} was hashed by {catalog.hash_key}. Name that key, or change to the new one "
            "for good: acrm rotate-key"
        )
