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
from orchestration.erasure.register import Erased
from orchestration.settings import Settings
from orchestration.sql import Sql, fill, join, name, value

_KEPT = "**"
"""In place of a private value that may not be absent."""

_NUMBERS = (
    *("customer_id", "account_id", "card_id", "loan_id", "counter_account", "golden_id", "household_id"),
    "related_id",
)
"""Columns, and endings of columns, that hold numbers of a customer, or of what he has."""

_NUMBERS_OF_THE_ROW = ("subject_id", "recipient_id")
"""Columns that hold such numbers in rows of the customer; in other rows, those of orgs and staff."""

_COMPOSED = {"counterparty_key": "|", "row_key": "|", "account_id": ":"}
"""Columns of which such a number is a part, by what parts them: who was paid, what was refused, fees."""


def holds_numbers(column: str) -> bool:
    """Whether a column of this name can hold a number of a customer."""
    return any(column == number or column.endswith(f"_{number}") for number in _NUMBERS)


def replacements(settings: Settings, erased: Erased) -> dict[str, str]:
    """A random number for the customer and for each account, card and loan that the lake knows of him.

    Those given before, by a run that was interrupted, stay.
    """
    numbers = [erased.customer_id]
    for table, key in (("account", "account_id"), ("card", "card_id"), ("loan", "loan_id")):
        files = sorted((settings.lake / table).rglob("*.parquet"))
        if files:
            owned = pl.scan_parquet(files).filter(pl.col("customer_id") == erased.customer_id)
            numbers += owned.select(pl.col(key).unique().sort()).collect()[key].to_list()
    return {number: erased.replacements.get(number, f"erased-{secrets.token_hex(8)}") for number in numbers}


def replace_in_lake(settings: Settings, new: Mapping[str, str]) -> int:
    """Write anew every part of the lake that names one of the numbers; returns how many."""
    written = 0
    for table in load_contract().tables:
        columns = [column.name for column in table.columns if holds_numbers(column.name)]
        for path in sorted((settings.lake / table.name).rglob("*.parquet")) if columns else ():
            has_number = pl.any_horizontal(pl.col(columns).is_in(list(new)))
            if pl.scan_parquet(path).filter(has_number).head(1).collect().height:
                _write(path, _replaced(table, pl.read_parquet(path), columns, new))
                written += 1
    return written


def replace_in_quarantine(settings: Settings, new: Mapping[str, str]) -> int:
    """Blank what quarantined rows say that name one of the numbers; returns in how many files."""
    written = 0
    for path in sorted(settings.quarantine.rglob("*.parquet")):
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
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute("set memory_limit = $limit", {"limit": settings.bank.memory_limit})
        connection.execute("set temp_directory = $folder", {"folder": str(fresh) + ".spill"})
        connection.execute(fill("attach {path} as build", path=value(settings.database)))
        connection.execute("create table replacement (old_number varchar, new_number varchar)")
        connection.executemany("insert into replacement values (?, ?)", [list(pair) for pair in new.items()])
        columns: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where database_name = 'build'"
            " and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables())"
            " order by all"
        ).fetchall():
            columns.setdefault((schema, table), []).append(column)
        for (schema, table), names in columns.items():
            _update(connection, name("build", schema, table), names)
        # these look at releases that may be gone; every night makes them anew
        for schema in ("last_release", "confirmed"):
            connection.execute(fill("drop schema if exists {schema} cascade", schema=name("build", schema)))
        connection.execute(fill("attach {path} as fresh", path=value(fresh)))
        connection.execute("copy from database build to fresh")
    fresh.replace(settings.database)


def remove_landed_copies(settings: Settings) -> int:
    """Remove the landed batches that the lake holds: they cannot be changed without breaking their checksums.

    Returns:
        How many were removed.
    """
    from orchestration.ingestion.lake import lake_batches
    from orchestration.ingestion.landing import landing_folder
    from orchestration.publication.files import remove

    folders = [landing_folder(settings, batch) for batch in lake_batches(settings)]
    landed = [folder for folder in folders if folder.exists()]
    for folder in landed:
        remove(folder)
    return len(landed)


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
        if column in columns:
            connection.execute(_part_replaced(table, column, separator))
    for column in _NUMBERS_OF_THE_ROW:
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
    for column in filter(holds_numbers, columns):
        connection.execute(
            fill(
                update,
                table=table,
                assignments=fill("{column} = given.new_number", column=name(column)),
                condition=fill("held.{column} = given.old_number", column=name(column)),
            )
        )


def _part_replaced(table: Sql, column: str, separator: str) -> Sql:
    """A number inside a text, between separators or at its ends."""
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
