"""The private build database: who opens it, and what is written in one piece."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from orchestration.interrupts import connect
from orchestration.settings import Settings, private_folder


@contextmanager
def open_database(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the build database with the bank's limits, closed at the end."""
    private_folder(settings.database.parent)
    # nobody else reads it, and the newest format is written a tenth to a third faster; a file keeps its own
    with connect(str(settings.database), config={"storage_compatibility_version": "latest"}) as connection:
        connection.execute("set memory_limit = $limit", {"limit": settings.bank.memory_limit})
        connection.execute("set threads = $threads", {"threads": settings.bank.threads})
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set autoinstall_known_extensions = false")
        yield connection


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing of the statements inside."""
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Schema and name of every table."""
    return set(connection.execute("select schema_name, table_name from duckdb_tables()").fetchall())
