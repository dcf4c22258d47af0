"""Where numbers of a customer can stand: columns that hold them, and keys that are made of them.

Put here: which columns those are, by the contract, and finding keys such as a transaction number that
contains the account's. Keep out: writing (``replacement.py``).
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import duckdb
import polars as pl

from contract.model import load_contract
from orchestration.interrupts import connect
from orchestration.settings import Settings
from orchestration.sql import fill, join, name, value

_ENDINGS = ("customer_id", "account_id", "card_id", "loan_id", "counter_account", "golden_id", "household_id")
"""Columns, and endings of columns, that hold numbers of a customer, or of what he has."""

_OWNED = ("customer.customer_id", "account.account_id", "card.card_id", "loan.loan_id")

_RENAMED = ("work_id",)
"""Columns that models give the keys of visits and contacts to, under a name of their own."""

_TELLING_LENGTH = 6
"""A number of fewer characters is part of a key only where it stands between separators."""


def holds_numbers(column: str) -> bool:
    """Whether a column of this name can hold a number of a customer."""
    return column in _referring() or any(column == end or column.endswith(f"_{end}") for end in _ENDINGS)


def may_be_composed(column: str) -> bool:
    """Whether a column of this name holds keys that a bank may make of others: of trades, visits."""
    return any(column == key or column.endswith(f"_{key}") for key in (*_composed(), *_RENAMED))


@cache
def _referring() -> frozenset[str]:
    return frozenset(
        column.name
        for table in load_contract().tables
        for column in table.columns
        if column.references in _OWNED
    )


@cache
def _composed() -> frozenset[str]:
    """Own keys of tables whose rows are a customer's, or refer to such a key."""
    tables = load_contract().tables
    found: set[str] = set()
    while True:
        own = {
            column.name
            for table in tables
            if any(holds_numbers(c.name) or c.name in found for c in table.columns)
            for column in table.columns
            if column.key and column.type == "id" and not column.targets and not holds_numbers(column.name)
        }
        if own <= found:
            return frozenset(found)
        found |= own


def files_below(folder: Path) -> Iterator[Path]:
    """Parquet files below a folder, in order, links to folders followed."""
    found = (
        Path(place, file)
        for place, _, files in os.walk(folder, followlinks=True)
        for file in files
        if file.endswith(".parquet")
    )
    yield from sorted(found)


def owned_numbers(settings: Settings, customer: str) -> list[str]:
    """The customer's number and those of each account, card and loan that the lake knows of him."""
    numbers = [customer]
    for table, key in (("account", "account_id"), ("card", "card_id"), ("loan", "loan_id")):
        for path in files_below(settings.lake / table):
            owned = pl.scan_parquet(path).filter(pl.col("customer_id") == customer)
            numbers += owned.select(pl.col(key).unique().sort()).collect()[key].to_list()
    return list(dict.fromkeys(numbers))


def composed_keys(settings: Settings, new: Mapping[str, str]) -> dict[str, str]:
    """Keys of a customer's rows that are made of one of the numbers, each with what stands for it.

    Args:
        new: What stands for each number.
    """
    known, found = dict(new), _in_lake(settings, new, new)
    while found.keys() - known.keys():
        # rows that have no number may refer to such a key, and have one themselves
        known |= found
        found |= _in_lake(settings, new, known)
    found |= _in_build_database(settings, new)
    return {key: text for key, text in found.items() if key not in new}


def _in_lake(settings: Settings, new: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in load_contract().tables:
        numbers = [c.name for c in table.columns if holds_numbers(c.name) or may_be_composed(c.name)]
        keys = [c.name for c in table.columns if may_be_composed(c.name) or _is_prose(c.name)]
        for path in files_below(settings.lake / table.name) if numbers and keys else ():
            rows = pl.scan_parquet(path)
            held = [column for column in numbers if column in rows.collect_schema()]
            is_his = pl.any_horizontal(pl.col(held).is_in(list(known)))
            read = [column for column in keys if column in rows.collect_schema()]
            for texts in rows.filter(is_his).select(read).collect().iter_columns():
                found |= replaced_texts(texts.drop_nulls().unique().to_list(), new)
    return found


def _in_build_database(settings: Settings, new: Mapping[str, str]) -> dict[str, str]:
    if not settings.database.exists():
        return {}
    found: dict[str, str] = {}
    with connect() as connection:
        connection.execute(fill("attach {path} as build", path=value(settings.database)))
        connection.execute("create table old_number as select unnest($old) as old_number", {"old": list(new)})
        for (schema, table), columns in columns_of(connection, "build").items():
            numbers = [column for column in columns if holds_numbers(column)]
            keys = [c for c in columns if may_be_composed(c) or holds_numbers(c) or _is_prose(c)]
            for column in keys if numbers else ():
                query = "select distinct {column} from {table} where {column} is not null and ({is_his})"
                texts = connection.execute(
                    fill(
                        query,
                        column=name(column),
                        table=name("build", schema, table),
                        is_his=join(
                            " or ",
                            (fill("{n} in (select old_number from old_number)", n=name(n)) for n in numbers),
                        ),
                    )
                ).fetchall()
                found |= replaced_texts((text for (text,) in texts), new)
    return found


def columns_of(connection: duckdb.DuckDBPyConnection, database: str) -> dict[tuple[str, str], list[str]]:
    """Columns of every table of an attached database, by schema and table."""
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = $name"
        " and (schema_name, table_name) in"
        " (select (schema_name, table_name) from duckdb_tables() where database_name = $name) order by all",
        {"name": database},
    ).fetchall():
        columns.setdefault((schema, table), []).append(column)
    return columns


def replaced_texts(texts: Iterable[str], new: Mapping[str, str]) -> dict[str, str]:
    """Those of the texts that one of the numbers is a part of, each with what stands for it."""
    # an account's number may begin with the customer's: the longest first
    numbers = sorted(new, key=lambda number: (-len(number), number))
    parts = re.compile("|".join(map(_part, numbers))) if numbers else None
    found = {}
    for text in texts:
        if parts is not None and text not in new:
            replaced = parts.sub(lambda match: new[match[0]], text)
            if replaced != text:
                found[text] = replaced
    return found


def _part(number: str) -> str:
    escaped = re.escape(number)
    return escaped if len(number) >= _TELLING_LENGTH else rf"(?<![0-9A-Za-z]){escaped}(?![0-9A-Za-z])"


@cache
def _prose() -> frozenset[str]:
    return frozenset(
        column.name
        for table in load_contract().tables
        if any(holds_numbers(column.name) for column in table.columns)
        for column in table.columns
        if column.type == "text" and not column.private
    )


def _is_prose(column: str) -> bool:
    """Whether a column holds free text, in which a clerk may have written a number."""
    return column in _prose()


def replaceable(columns: Collection[str]) -> list[str]:
    """Those of some columns in which numbers and keys made of them are replaced."""
    return [c for c in columns if holds_numbers(c) or may_be_composed(c) or _is_prose(c)]
