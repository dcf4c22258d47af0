"""What a release, or any folder made from one, tells a reader who looks at every byte and every value."""

import hmac
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import polars as pl

from contract.model import Private, load_contract
from orchestration.releases.keys import HASH_KEY, Key


def private_values(landing: Path, *kinds: Private) -> set[str]:
    """Every clear value of the private columns of the extracts in landing."""
    values: set[str] = set()
    for table in load_contract().tables:
        columns = [column.name for column in table.columns if column.private in kinds]
        for path in landing.rglob(f"{table.name}-*.csv") if columns else ():
            rows = pl.read_csv(path, columns=columns, infer_schema=False)
            values.update(*(rows[column].drop_nulls() for column in columns))
    return values


def hashed(value: str) -> str:
    """The value as it is published under the key of the tests, by Python's own HMAC."""
    secret = Key(os.environ[HASH_KEY]).derived("acrm published numbers")
    return hmac.new(secret, value.encode(), "sha256").hexdigest()[:32]


def readable(folder: Path, *, has_blocks: bool = True) -> Iterator[str]:
    """All that a folder says: the bytes of every file, and every text in its databases and Parquet files.

    Args:
        has_blocks: Whether the bytes of databases are among them, where texts stand side by side.
    """
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        if has_blocks or path.suffix != ".duckdb":
            yield path.read_bytes().decode("utf-8", errors="ignore")
        if path.suffix == ".parquet":
            yield from texts(f"read_parquet('{path}')")
        if path.suffix == ".duckdb":
            yield from database_texts(path)


def database_texts(path: Path) -> Iterator[str]:
    """Every text in every table and view of a database, and what it says of them."""
    with duckdb.connect(str(path), read_only=True) as connection:
        relations = connection.execute(
            "select schema_name, table_name from duckdb_tables() union all"
            " select schema_name, view_name from duckdb_views() where not internal order by all"
        ).fetchall()
        for schema, table in relations:
            yield from texts(f'"{schema}"."{table}"', connection)
        yield from texts("(select sql, comment from duckdb_tables())", connection)


def texts(relation: str, connection: duckdb.DuckDBPyConnection | None = None) -> Iterator[str]:
    """Every distinct text of a relation's columns."""
    with duckdb.connect() if connection is None else connection.cursor() as reader:
        described = reader.execute(f"describe select * from {relation}").fetchall()
        for column in (row[0] for row in described if row[1] == "VARCHAR"):
            yield from (
                text
                for (text,) in reader.execute(
                    f'select distinct "{column}" from {relation} where "{column}" is not null'
                ).fetchall()
            )


def found(values: Iterable[str], said: Iterable[str]) -> set[str]:
    """Those of the values that are said anywhere."""
    patterns = sorted({value for value in values if value})
    everything = pl.Series(["\n".join(said)])
    return set(everything.str.extract_many(patterns, overlapping=True).explode().drop_nulls())
