"""Whether the floor computed what was published: rows that one side has and the other has not."""

from dataclasses import dataclass
from datetime import date

import duckdb

from benchmarks.floor import DAILY, TABLES, floor_parquet
from orchestration.settings import Settings
from orchestration.sql import fill, join, name, value

_SCHEMA = "customer_value"


@dataclass(frozen=True)
class Comparison:
    """One table in the current release and in the floor's database, over the months asked for.

    Attributes:
        differing: Rows of either side that the other does not have, each counted once.
    """

    table: str
    rows: int
    differing: int


def compare(settings: Settings, first_month: date | None = None) -> list[Comparison]:
    """Compare the current release with the floor, every column, from a month on."""
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = $limit", {"limit": settings.bank.memory_limit})
        connection.execute("set threads = $threads", {"threads": settings.bank.threads})
        release = settings.published / "current" / "acrm.duckdb"
        connection.execute(fill("attach {path} as release (read_only)", path=value(release)))
        return [_compare_table(connection, settings, table, first_month or date.min) for table in TABLES]


def _compare_table(
    connection: duckdb.DuckDBPyConnection, settings: Settings, table: str, first_month: date
) -> Comparison:
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns()"
        " where database_name = 'release' and table_name = ? order by column_index",
        [table],
    ).fetchall()
    rows = {
        side: fill(
            "select {columns} from {table} where {day} >= {month}",
            columns=join(", ", (name(column) for column, _ in columns)),
            day=name("calendar_date" if table in DAILY else "month_start_date"),
            table=source,
            month=value(first_month),
        )
        for side, source in (
            ("release", name("release", _SCHEMA, table)),
            (
                "floor",
                fill(
                    "read_parquet({files}, hive_partitioning = false)",
                    files=value(floor_parquet(settings, table) / "*.parquet"),
                ),
            ),
        )
    }
    # equal sums of row hashes spare two sorts of millions of rows
    counts = [
        connection.execute(
            fill("select count(*), sum(cast(hash(t) as hugeint)) from ({rows}) as t", rows=rows[side])
        ).fetchone()
        for side in ("release", "floor")
    ]
    assert counts[0] is not None
    differing = 0
    if counts[0] != counts[1]:
        (differing,) = connection.execute(
            fill(
                "select count(*) from (({a} except all {b}) union all ({b} except all {a}))",
                a=rows["release"],
                b=rows["floor"],
            )
        ).fetchone() or (0,)
    return Comparison(table, counts[0][0], differing)
