"""Superset's configuration: this machine only, the current release read-only, no outside request."""

from typing import Any

from sqlalchemy.engine import URL

from bi.home import bi_home, current_database, secret_key

SECRET_KEY = secret_key()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{bi_home() / 'superset.db'}"
RELEASE = "published/current/acrm.duckdb"
"""What the files call the release's database."""

BABEL_DEFAULT_LOCALE = "zh"
LANGUAGES = {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "us", "name": "English"}}
APP_NAME = "ACRM"
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
# a release is read once per look: what is kept could outlive it
CACHE_CONFIG = DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
FEATURE_FLAGS = {"DRILL_BY": True, "DRILL_TO_DETAIL": True, "HORIZONTAL_FILTER_BAR": True}
WTF_CSRF_TIME_LIMIT = None
SESSION_COOKIE_SAMESITE = "Strict"
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}

_DUCKDB = {
    "access_mode": "read_only",
    # SQL Lab reads the release and no other file of the machine
    "enable_external_access": False,
    "lock_configuration": True,
    "memory_limit": "2GB",
    "threads": 2,
    # DuckDB shares one instance per file, and refuses a second configuration of it
    "custom_user_agent": "superset",
}


def DB_CONNECTION_MUTATOR(  # noqa: N802 - Superset's name for it
    url: URL, arguments: dict[str, Any], username: str, security_manager: object, source: object
) -> tuple[URL, dict[str, Any]]:
    """Open the release that is current at this moment, read-only.

    The link is followed here, so that what is opened is one release and stays it, whatever is switched
    meanwhile and however the driver keys its files.
    """
    if url.database != RELEASE:
        return url, arguments
    connect = {**arguments.get("connect_args", {}), "config": dict(_DUCKDB)}
    return url.set(database=str(current_database())), {**arguments, "connect_args": connect}
