"""The keys of a warehouse: where they come from, and which of them is whose.

The key itself goes nowhere: not into SQL, a log, a message or a release. A release names its key by a
fingerprint, from which nothing of the key can be found.
"""

import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from orchestration.errors import ConfigurationError
from orchestration.ingestion.manifest import MANIFEST, file_digest
from orchestration.settings import PRIVATE_FILE, Settings, private_folder

HASH_KEY = "ACRM_HASH_KEY"
"""Environment variable of the key that account, card and certificate numbers are hashed with."""

PRIVATE_KEY = "ACRM_PRIVATE_KEY"
"""Environment variable of the key that private releases are encrypted with."""

PAGES_TOKEN = "ACRM_PAGES_TOKEN"
"""Environment variable of the token that signs in to Dagster's pages."""

LEAST_LENGTH = 32

_DEMO = "acrm demo key: known to everybody, for generated banks only"
_FILES = {HASH_KEY: "hash.key", PRIVATE_KEY: "private.key", PAGES_TOKEN: "pages.token"}


@dataclass(frozen=True)
class Key:
    """A secret of the bank; its text shows in no representation."""

    text: str = field(repr=False)

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose, from which neither the key nor those of another purpose can be found."""
        return hmac.digest(self.text.encode(), purpose.encode(), "sha256")

    @property
    def fingerprint(self) -> str:
        """Tells this key from others."""
        if self.is_demo:
            return "demo"
        return sha256(self.derived("acrm fingerprint")).hexdigest()[:16]

    @property
    def is_demo(self) -> bool:
        """Whether it is the key of generated banks, which protects nothing."""
        return self.text == _DEMO


def key_file(settings: Settings, variable: str) -> Path:
    """The file that holds a key where the environment does not."""
    return settings.home / "keys" / _FILES[variable]


def read_key(settings: Settings, variable: str) -> Key:
    """A key, from the environment or else from its file.

    Raises:
        ConfigurationError: There is none, it is too short, or others can read its file.
    """
    path = key_file(settings, variable)
    text = os.environ.get(variable, "").strip()
    place = variable
    if not text:
        if not path.exists():
            raise ConfigurationError(
                f"There is no key: neither {variable} nor {path}. Make one of {LEAST_LENGTH} or more random "
                f"characters, readable by you alone (openssl rand -hex 32), and keep a copy in a safe place."
            )
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"{path}: others can read this key. Run: chmod 600 {path}")
        place, text = str(path), path.read_text(encoding="utf-8").strip()
    if len(text) < LEAST_LENGTH:
        raise ConfigurationError(
            f"{place}: the key is shorter than {LEAST_LENGTH} characters. Name the right key."
        )
    return Key(text)


def provide_pages_token(settings: Settings) -> Key:
    """The token of the pages; where there is none, a random one is made.

    Raises:
        ConfigurationError: It is too short, or others can read its file.
    """
    path = key_file(settings, PAGES_TOKEN)
    if not os.environ.get(PAGES_TOKEN, "").strip() and not path.exists():
        private_folder(path.parent)
        written = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(written, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(LEAST_LENGTH) + "\n")
    return read_key(settings, PAGES_TOKEN)


def note_generated(settings: Settings, folders: Iterable[Path]) -> None:
    """Keep that batches were generated here, by the checksums of their manifests."""
    path = _generated(settings)
    private_folder(path.parent)
    known = generated_manifests(settings) | {file_digest(folder / MANIFEST) for folder in folders}
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("".join(f"{digest}\n" for digest in sorted(known)), encoding="utf-8")
    unfinished.chmod(PRIVATE_FILE)
    unfinished.replace(path)


def generated_manifests(settings: Settings) -> set[str]:
    """Checksums of the manifests of batches that were generated here."""
    path = _generated(settings)
    return set(path.read_text(encoding="utf-8").split()) if path.exists() else set()


def _generated(settings: Settings) -> Path:
    return settings.home / "keys" / "generated"


def provide_demo_key(settings: Settings, folders: Iterable[Path]) -> None:
    """Give a generated bank the key of generated banks, unless it has one.

    Args:
        folders: The batches that were generated: of no other is that key taken.
    """
    note_generated(settings, folders)
    path = key_file(settings, HASH_KEY)
    if not path.exists():
        private_folder(path.parent)
        path.write_text(_DEMO + "\n", encoding="utf-8")
        path.chmod(PRIVATE_FILE)
