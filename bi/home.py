"""Where Superset keeps what is its own: ``$ACRM_HOME/bi``, private, with secrets made at the first start."""

import os
import secrets
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ASSETS = PROJECT / "bi" / "assets"
"""Databases, datasets, charts and dashboards, in the format of Superset's own export."""

ADMIN = "admin"
VIEWER = "viewer"
"""Who looks at dashboards and changes nothing."""

LOOPBACK = "127.0.0.1"


def warehouse_home() -> Path:
    """The warehouse's folder: ``ACRM_HOME``, else ``var/`` in the project."""
    return Path(os.environ.get("ACRM_HOME") or PROJECT / "var").expanduser().absolute()


def bi_home() -> Path:
    """Superset's folder, readable by its owner alone."""
    folder = warehouse_home() / "bi"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def current_database() -> Path:
    """The file of the release that is current now; what was opened before stays with its own release.

    Raises:
        FileNotFoundError: Nothing has been published.
    """
    return (warehouse_home() / "published" / "current").resolve(strict=True) / "acrm.duckdb"


def admin_password() -> str:
    """The administrator's password."""
    return _secret("admin.password", 18)


def viewer_password() -> str:
    """The viewer's password."""
    return _secret("viewer.password", 18)


def secret_key() -> str:
    """What sessions are signed with."""
    return _secret("secret.key", 48)


def _secret(name: str, length: int) -> str:
    path = bi_home() / name
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(length) + "\n")
    if path.stat().st_mode & 0o077:
        raise PermissionError(
            f"{path}: others can read this secret. Remove it; the next start makes a new one."
        )
    return path.read_text(encoding="utf-8").strip()
