"""What becomes of private values on their way out of the build database.

Names are masked, numbers become keyed hashes (HMAC-SHA-256), dates do not leave. Which columns are private
follows from the extract contract: a mart's column called like a private column of an extract, or ending in
that name, is treated like it, whoever wrote the model; ``config.meta.privacy`` says it of others.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

import duckdb

from contract.model import Private, load_contract
from orchestration.releases.keys import Key
from orchestration.sql import EVERY_ROW, Sql, fill, join, name, value

Privacy = Literal["mask", "hash", "withhold"]

ERASED = name("memory", "main", "erased_customer")
"""Customers whose rows do not leave, in a publishing connection."""

_TREATMENT: Mapping[Private, Privacy] = {"name": "mask", "number": "hash", "date": "withhold"}
_BLOCK = 64
_CUSTOMER = "customer_id"
_PRODUCT = "product_code"
_HEX_DIGITS = 32

_MASKED = (
    "case when {column} is not null then"
    " case when length({column}) > 1 then left({column}, 1) else '' end || '**' end"
)
# HMAC by its definition; the padded keys are variables of the connection, so that no statement holds them
_HASHED = (
    "case when {column} is not null then left(sha256(getvariable('acrm_outer') ||"
    f" unhex(sha256(getvariable('acrm_inner') || encode({{column}})))), {_HEX_DIGITS}) end"
)
_COINED = "{column} = {coined} || {customer} || ':' || {product}"


def privacy_of(column: str) -> Privacy | None:
    """What the contract asks for a column of that name; None where it is nobody's secret."""
    return next(
        (way for private, way in _private_names().items() if column == private or _ends(column, private)),
        None,
    )


def treatment_of(kind: Private) -> Privacy:
    """What becomes of private values of that kind when they leave."""
    return _TREATMENT[kind]


def hold_key(connection: duckdb.DuckDBPyConnection, key: Key) -> None:
    """Let a connection hash: until it is closed it knows what :func:`leaving` asks for."""
    connection.execute(
        "create temp table acrm_pad as select $inner::blob as inner_pad, $outer::blob as outer_pad",
        pads_of(key),
    )
    connection.execute("set variable acrm_inner = (select inner_pad from acrm_pad)")
    connection.execute("set variable acrm_outer = (select outer_pad from acrm_pad)")
    connection.execute("drop table acrm_pad")


def show_pads(connection: duckdb.DuckDBPyConnection, key: Key) -> None:
    """Let the models of a night hash as releases do: what is kept for good is hashed from the start.

    The build database, which holds the numbers themselves, so holds the padded keys, and never the key.
    """
    connection.execute(
        "create or replace table pipeline.hash_pad as"
        " select $inner::blob as inner_pad, $outer::blob as outer_pad",
        pads_of(key),
    )


def pads_of(key: Key) -> dict[str, bytes]:
    """The padded keys of HMAC, ``inner`` and ``outer``."""
    secret = key.derived("acrm published numbers").ljust(_BLOCK, b"\0")
    return {place: bytes(byte ^ pad for byte in secret) for place, pad in (("inner", 0x36), ("outer", 0x5C))}


def leaving(column: str, privacy: Privacy | None, coined: str | None = None) -> Sql:
    """A column as it leaves the build database.

    Args:
        coined: Values that are this, the row's customer and its product are the warehouse's own, and stay;
            an account that a bank calls so tells nothing that the row does not.
    """
    if privacy is None:
        return name(column)
    template = {"mask": _MASKED, "hash": _HASHED}[privacy]
    if coined is not None:
        template = "case when " + _COINED + " then {column} else " + template + " end"
    return fill(
        template + " as {column}",
        column=name(column),
        coined=value(coined),
        customer=name(_CUSTOMER),
        product=name(_PRODUCT),
    )


def customer_columns(columns: Iterable[str]) -> list[str]:
    """Those of some columns that hold customers' numbers."""
    return [column for column in columns if column == _CUSTOMER or _ends(column, _CUSTOMER)]


def may_leave(columns: Iterable[str]) -> Sql:
    """Condition on rows with these columns: they are of no customer under erasure."""
    condition = "coalesce({column}, '') not in (select customer_id from {erased})"
    return join(
        " and ",
        [EVERY_ROW, *(fill(condition, column=name(c), erased=ERASED) for c in customer_columns(columns))],
    )


@cache
def _private_names() -> dict[str, Privacy]:
    return {name: _TREATMENT[kind] for name, kind in load_contract().private_names.items()}


def _ends(column: str, private: str) -> bool:
    return column.endswith(f"_{private}")
