"""What the build database holds of each mart, and whether it may be published as promised."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.errors import PublicationError
from orchestration.releases.catalog import CatalogColumn
from orchestration.releases.marts import Mart
from orchestration.releases.privacy import may_leave
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value

_PUBLISHABLE = re.compile(r"BOOLEAN|(TINY|SMALL|BIG)?INT|INTEGER|DECIMAL\(\d+,\d+\)|DATE|TIMESTAMP|VARCHAR")
"""Types that come back from Parquet as they went in, and whose sums do not depend on the threads."""


@dataclass(frozen=True)
class BuiltTable:
    """A mart as it stands in the build database.

    Attributes:
        counts: Rows of each month; of the whole table under None where it is not monthly, or empty.
        changed: Months of which tonight wrote rows, where the mart's own column tells.
        condition: Rows that may leave the build database; only they are counted.
    """

    mart: Mart
    columns: tuple[CatalogColumn, ...]
    counts: dict[date | None, int]
    changed: frozenset[date] = frozenset()
    condition: Sql = EVERY_ROW


def survey(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[Mart],
    business_date: date,
    *,
    hides: bool = False,
) -> list[BuiltTable]:
    """Look at every mart in the attached ``build`` database, as the night of a business date left it.

    Args:
        hides: Whether the connection's table ``ERASED`` names customers.

    Returns:
        One entry per mart, by schema and name.

    Raises:
        PublicationError: A table or column is absent, or of a type not promised or not publishable.
    """
    declared = Counter(mart.full_name for mart in marts)
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for schema, table, column, data_type in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = 'build'"
    ).fetchall():
        found[f"{schema}.{table}"][column] = data_type
    promised = _canonical_types(connection, marts)
    faults = [f"{table} is declared twice" for table, times in sorted(declared.items()) if times > 1]
    for mart in marts:
        faults += _faults(mart, found[mart.full_name], promised)
    if faults:
        raise PublicationError(
            "The build database does not hold the marts as declared: "
            + "; ".join(faults)
            + ". Mend the model or its YAML and build again."
        )
    tables = []
    for mart in sorted(marts, key=lambda mart: mart.full_name):
        condition = may_leave(mart.column_names) if hides else EVERY_ROW
        tables.append(
            BuiltTable(
                mart,
                catalog_columns(mart, found[mart.full_name]),
                row_counts(connection, "build", mart, condition),
                changed_months(connection, "build", mart, business_date),
                condition,
            )
        )
    return tables


def row_counts(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    mart: Mart,
    condition: Sql = EVERY_ROW,
    *,
    expected: Iterable[date | None] = (),
) -> dict[date | None, int]:
    """Rows of a table in one attached database: per month where it is monthly, else all under None.

    Args:
        expected: Months that it should have. Where rows lie month by month, as in a release, the engine
            counts each by the least and greatest value of every block and reads next to nothing; elsewhere
            that takes longer than to count all months in one pass.

    Raises:
        PublicationError: A row of a monthly table has no month.
    """
    table = name(database, mart.schema_name, mart.name)
    if mart.partition is None:
        query = "select null, count(*) from {table} where {condition}"
        return dict(connection.execute(fill(query, table=table, condition=condition)).fetchall())
    months = sorted(month for month in expected if month is not None)
    counts = _counted_one_by_one(connection, table, mart.partition, condition, months) if months else None
    if counts is None:
        query = "select {month}, count(*) from {table} where {condition} group by all order by all"
        rows = connection.execute(
            fill(query, month=name(mart.partition), table=table, condition=condition)
        ).fetchall()
        if any(month is None for month, _ in rows):
            raise PublicationError(
                f"{mart.full_name} has rows without {mart.partition}. Mend the model and build again."
            )
        counts = dict(rows)
    return counts or {None: 0}


def _counted_one_by_one(
    connection: duckdb.DuckDBPyConnection, table: Sql, partition: str, condition: Sql, months: Sequence[date]
) -> dict[date | None, int] | None:
    """Rows of these months; None if the table has others as well."""
    total = fill("select null, count(*) from {table} where {condition}", table=table, condition=condition)
    each = (
        fill(
            "select {first_day}, count(*) from {table} where {month} = {first_day} and {condition}",
            first_day=value(month),
            table=table,
            month=name(partition),
            condition=condition,
        )
        for month in months
    )
    (_, all_rows), *rows = sorted(
        connection.execute(join(" union all ", (total, *each))).fetchall(), key=lambda row: row[0] or date.min
    )
    counts = {month: count for month, count in rows if count > 0}
    return counts if all_rows == sum(counts.values()) else None


def changed_months(
    connection: duckdb.DuckDBPyConnection, database: str, mart: Mart, business_date: date
) -> frozenset[date]:
    """Months of which a night wrote rows, where the mart's own column tells."""
    if mart.changed_on is None or mart.partition is None:
        return frozenset()
    query = fill(
        "select distinct {month} from {table} where {changed_on} = {night}",
        month=name(mart.partition),
        table=name(database, mart.schema_name, mart.name),
        changed_on=name(mart.changed_on),
        night=value(business_date),
    )
    return frozenset(month for (month,) in connection.execute(query).fetchall())


def _canonical_types(connection: duckdb.DuckDBPyConnection, marts: Sequence[Mart]) -> dict[str, str]:
    """DuckDB's own name of every promised type: ``decimal(18, 2)`` is ``DECIMAL(18,2)``."""
    texts = sorted({column.data_type for mart in marts for column in mart.columns if column.data_type})
    if not texts:
        return {}
    casts = join(", ", (fill("typeof(cast(null as {type}))", type=Sql(text)) for text in texts))
    names = connection.execute(fill("select {casts}", casts=casts)).fetchone() or ()
    return dict(zip(texts, names, strict=True))


def _faults(mart: Mart, found: dict[str, str], promised: dict[str, str]) -> list[str]:
    if not found:
        return [f"{mart.full_name} is absent"]
    faults = []
    for column in mart.columns:
        place, data_type = f"{mart.full_name}.{column.name}", found.get(column.name)
        if data_type is None:
            faults.append(f"{place} is absent")
        elif not _PUBLISHABLE.fullmatch(data_type):
            faults.append(f"{place} is {data_type}, which cannot be published")
        elif column.data_type and promised[column.data_type] != data_type:
            faults.append(f"{place} is {data_type}, not {promised[column.data_type]}")
        elif column.name == mart.partition and data_type != "DATE":
            faults.append(f"{place} is {data_type}, not DATE")
    return faults


def catalog_columns(mart: Mart, types: Mapping[str, str]) -> tuple[CatalogColumn, ...]:
    """A mart's columns with their types in DuckDB's words."""
    return tuple(
        CatalogColumn(
            name=column.name,
            data_type=types[column.name],
            description=column.description,
            zh=column.zh,
            privacy=column.privacy,
            gone_from=column.gone_from,
            is_own_currency=column.is_own_currency,
        )
        for column in mart.columns
    )
