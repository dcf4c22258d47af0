"""Superset's configuration: this machine only, the current release read-only and nothing else."""

from typing import Any

import duckdb
from sqlalchemy.engine import URL, make_url

from bi.home import bi_home, current_database, secret_key

SECRET_KEY = secret_key()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{bi_home() / 'superset.db'}"
RELEASE = "published/current/acrm.duckdb"
"""What the files call the release's database."""
ADDRESS = make_url(f"duckdb:///{RELEASE}")

BABEL_DEFAULT_LOCALE = "zh"
LANGUAGES = {"zh": {"flag": "cn", "name": "中文"}, "en": {"flag": "us", "name": "English"}}
APP_NAME = "ACRM"
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
# a release is read once per look: what is kept could outlive it
CACHE_CONFIG = DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
FEATURE_FLAGS = {"DRILL_BY": True, "DRILL_TO_DETAIL": True, "HORIZONTAL_FILTER_BAR": True}
# the description of the interface, which anybody could read before signing in
FAB_API_SWAGGER_UI = False
ENABLE_UI_THEME_ADMINISTRATION = False
# nothing is uploaded: no kind of file is one that may be
ALLOWED_EXTENSIONS: set[str] = set()
# tells DuckDB to write its log to a file; beside external access switched off, that ends the process
DISALLOWED_SQL_FUNCTIONS = {"duckdb": {"enable_logging", "query"}}
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
    # what does not fit into memory fails; nothing is written beside the release
    "temp_directory": "",
    "memory_limit": "2GB",
    "threads": 2,
    # DuckDB shares one instance per file, and refuses a second configuration of it
    "custom_user_agent": "superset",
}


def DB_SQLA_URI_VALIDATOR(url: URL) -> None:  # noqa: N802 - Superset's name for it
    """Refuse every database but the current release, before it is stored and before it is opened.

    Raises:
        ValueError: It is another database, or the release with settings of its own.
    """
    if url != ADDRESS:
        raise ValueError(f"Only the current release is opened here: {ADDRESS}.")


def DB_CONNECTION_MUTATOR(  # noqa: N802 - Superset's name for it
    url: URL, arguments: dict[str, Any], username: str, security_manager: object, source: object
) -> tuple[URL, dict[str, Any]]:
    """Open the release that is current at this moment, read-only, whatever settings the pages hold.

    The link is followed here, so that what is opened is one release and stays it, whatever is switched
    meanwhile and however the driver keys its files.

    Raises:
        ValueError: It is another database.
    """
    DB_SQLA_URI_VALIDATOR(url)
    pool = {key: value for key, value in arguments.items() if key == "poolclass"}
    return url.set(database=str(current_database())), {**pool, "connect_args": {"config": dict(_DUCKDB)}}


def SQL_QUERY_MUTATOR(sql: str, **_: object) -> str:  # noqa: N802 - Superset's name for it
    """Let queries through, and nothing else that DuckDB would do: no settings, calls, copies, attachments.

    Raises:
        ValueError: A statement is no query.
    """
    allowed = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
    if not {statement.type for statement in duckdb.extract_statements(sql)} <= allowed:
        raise ValueError("Only queries are run here: no settings, calls, copies or attachments.")
    return sql
