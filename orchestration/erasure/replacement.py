"""Random numbers in place of an erased customer's own, in the lake, in quarantine and in the build database.

Balances stay where they were, under numbers that lead to nobody: totals, reconciliations with the ledger and
closed months do not move, and every night can be replayed.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from contract.model import Column, Table, load_contract
from orchestration.erased import Erased
from orchestration.erasure.numbers import columns_of, files_below, owned_numbers, replaceable
from orchestration.interrupts import connect
from orchestration.settings import Settings
from orchestration.sql import Sql, fill, join, name, value

_KEPT = "**"
"""In place of a private value that may not be absent."""

ROW_NUMBERS = ("subject_id", "recipient_id")
"""Columns that hold numbers in rows of the customer; in other rows, those of orgs and staff."""

_COMPOSED = {"counterparty_key": "|", "row_key": "|", "account_id": ":"}
"""Columns that models make of such a number, by what parts them: who was paid, what was refused, fees."""


def replacements(settings: Settings, erased: Erased) -> dict[str, str]:
    """A random number for the customer and for each account, card and loan that the lake knows of him.

    Those given before, by a run that was interrupted, stay: it may have replaced them in the lake already.
    """
    numbers = owned_numbers(settings, erased.customer_id)
    new = {number: f"erased-{secrets.token_hex(8)}" for number in numbers}
    return new | dict(erased.replacements)


def is_in_lake(settings: Settings, customer: str) -> bool:
    """Whether a customer's number stands in the lake."""
    return any(
        pl.scan_parquet(path).filter(pl.col("customer_id") == customer).head(1).collect().height
        for table in load_contract().tables
        if "customer_id" in table.column_names
        for path in files_below(settings.lake / table.name)
    )


def replace_in_lake(settings: Settings, new: Mapping[str, str]) -> int:
    """Write anew every part of the lake that names one of the numbers; returns how many."""
    written = 0
    for table in load_contract().tables:
        told = replaceable(table.column_names)
        for path in files_below(settings.lake / table.name) if told else ():
            written_before = pl.read_parquet_schema(path)
            columns = [column for column in told if column in written_before]
            has_number = pl.any_horizontal(pl.col(columns).is_in(list(new)))
            if pl.scan_parquet(path).filter(has_number).head(1).collect().height:
                _write(path, _replaced(table, pl.read_parquet(path), columns, new))
                written += 1
    return written


def replace_in_quarantine(settings: Settings, new: Mapping[str, str]) -> int:
    """Blank what quarantined rows say that name one of the numbers; returns in how many files."""
    written = 0
    for path in files_below(settings.quarantine):
        rows = pl.read_parquet(path)
        said = pl.concat_str(pl.col("value", "row_key", "record").fill_null(""), separator="\n")
        is_his = said.str.contains_any(list(new))
        if rows.filter(is_his).height:
            blank = [pl.when(~is_his).then(column).alias(column) for column in ("value", "row_key", "record")]
            _write(path, rows.with_columns(blank))
            written += 1
    return written


def replace_in_build_database(settings: Settings, new: Mapping[str, str]) -> None:
    """Replace the numbers in every table, and write the file anew, so that no free block keeps them."""
    if not settings.database.exists():
        return
    fresh = settings.database.with_suffix(".erased")
    fresh.unlink(missing_ok=True)
    with connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute("set memory_limit = $limit", {"limit": settings.bank.memory_limit})
        connection.execute("set temp_directory = $folder", {"folder": str(fresh) + ".spill"})
        connection.execute(fill("attach {path} as build", path=value(settings.database)))
        connection.execute("create table replacement (old_number varchar, new_number varchar)")
        connection.executemany("insert into replacement values (?, ?)", [list(pair) for pair in new.items()])
        for (schema, table), names in columns_of(connection, "build").items():
            _update(connection, name("build", schema, table), names)
        # these look at releases that may be gone; every night makes them anew
        for schema in ("last_release", "confirmed"):
            connection.execute(fill("drop schema if exists {schema} cascade", schema=name("build", schema)))
        connection.execute(fill("attach {path} as fresh", path=value(fresh)))
        connection.execute("copy from database build to fresh")
    fresh.replace(settings.database)
    # it was written into the old file when that was closed; a new file has nothing of it to take
    settings.database.with_name(f"{settings.database.name}.wal").unlink(missing_ok=True)


def _update(connection: duckdb.DuckDBPyConnection, table: Sql, columns: list[str]) -> None:
    update = "update {table} as held set {assignments} from replacement as given where {condition}"
    if {"customer_id", "customer_name"} <= set(columns):
        # before the number changes: it says whose these are
        connection.execute(
            fill(
                update,
                table=table,
                assignments=join(", ", (_blank(column) for column in columns if _tells_of(column))),
                condition=Sql("held.customer_id = given.old_number"),
            )
        )
    for column, separator in _COMPOSED.items():
        # a key may hold several of the numbers, and an update replaces one of them
        while column in columns and _changed(connection, _part_replaced(table, column, separator)):
            pass
    for column in ROW_NUMBERS:
        if {column, "customer_id"} <= set(columns):
            connection.execute(
                fill(
                    update,
                    table=table,
                    assignments=fill("{column} = given.new_number", column=name(column)),
                    condition=fill(
                        "held.{column} = given.old_number"
                        " and held.customer_id in (select old_number from replacement)",
                        column=name(column),
                    ),
                )
            )
    for column in replaceable(columns):
        connection.execute(
            fill(
                update,
                table=table,
                assignments=fill("{column} = given.new_number", column=name(column)),
                condition=fill("held.{column} = given.old_number", column=name(column)),
            )
        )


def _changed(connection: duckdb.DuckDBPyConnection, update: Sql) -> bool:
    (count,) = connection.execute(update).fetchone() or (0,)
    return bool(count)


def _part_replaced(table: Sql, column: str, separator: str) -> Sql:
    """Replaces one number inside each text, between separators or at its ends."""
    return fill(
        """
        update {table} as held
        set {column} = replace(
            {separator} || held.{column} || {separator},
            {separator} || given.old_number || {separator}, {separator} || given.new_number || {separator}
        )[2:-2]
        from replacement as given
        where contains(held.{column}, {separator}) and contains(
            {separator} || held.{column} || {separator}, {separator} || given.old_number || {separator}
        )
        """,
        table=table,
        column=name(column),
        separator=value(separator),
    )


def _tells_of(column: str) -> bool:
    """Whether a column of the customers' versions says something of the person."""
    told = load_contract().table("customer").columns
    return any(
        column in (part.name, f"{part.name}_code") and (part.private or part.nullable)
        for part in told
        if part.name != "golden_id"
    )


def _blank(column: str) -> Sql:
    return fill("{column} = {blank}", column=name(column), blank=value(_blank_text(column)))


def _blank_text(column: str) -> str | None:
    return _KEPT if column == "customer_name" else None


def _replaced(table: Table, rows: pl.DataFrame, columns: list[str], new: Mapping[str, str]) -> pl.DataFrame:
    numbers = list(new)
    if table.name == "customer":
        is_his = pl.col("customer_id").is_in(numbers)
        rows = rows.with_columns(
            pl.when(~is_his).then(column.name).otherwise(pl.lit(_blank_text(column.name))).alias(column.name)
            for column in table.columns
            if _is_personal(column)
        )
    if table.name == "transaction":
        is_counter = pl.any_horizontal(pl.col("counter_account", "counter_customer_id").is_in(numbers))
        rows = rows.with_columns(
            pl.when(~is_counter.fill_null(value=False)).then("counter_name").alias("counter_name")
        )
    return rows.with_columns(pl.col(columns).replace(dict(new)))


def _is_personal(column: Column) -> bool:
    return bool(column.private) or (column.nullable and column.name != "golden_id")


def _write(path: Path, rows: pl.DataFrame) -> None:
    unfinished = path.with_suffix(".unfinished")
    rows.write_parquet(unfinished, compression="zstd", compression_level=1, row_group_size=250_000)
    unfinished.replace(path)
