"""Gate 2: which marts are empty because the bank does not deliver what they are made of. A fact, no fault."""

from collections.abc import Collection, Mapping

import duckdb

from expectations.check import Check
from expectations.results import CheckResult, ran
from orchestration.sql import fill, name

CHECK_CODE = "mart_without_extract"


def empty_marts(
    connection: duckdb.DuckDBPyConnection,
    made_of: Mapping[tuple[str, str], Collection[str]],
    undelivered: Collection[str],
) -> list[CheckResult]:
    """One result for each empty mart that is made of extract tables which have never been delivered.

    Args:
        connection: The build database.
        made_of: The extract tables of each mart, from :func:`orchestration.project.extract_tables`.
        undelivered: Extract tables that no batch has brought.
    """
    found = []
    for (schema, table), extracts in sorted(made_of.items()):
        lacking = ", ".join(sorted(set(extracts) & set(undelivered)))
        if lacking and not _has_rows(connection, schema, table):
            check = Check(check_code=CHECK_CODE, table=table, unit="tables")
            found.append(ran(check, "fact", 0, 0, passed=True, observed=lacking, told=lacking))
    return found


def _has_rows(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    query = fill("select 1 from {table} limit 1", table=name(schema, table))
    return connection.execute(query).fetchone() is not None
