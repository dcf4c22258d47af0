"""SQL put together from the contract: names are validated and quoted, values are quoted.

Only :class:`Sql` goes into :func:`fill`, and only the functions here make one out of a value.
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NewType

Sql = NewType("Sql", str)
"""A piece of SQL that is safe to put into another."""

EVERY_ROW = Sql("true")

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_LABEL = re.compile(r"[\w（）()、·%/+ -]+")


def name(*parts: str) -> Sql:
    """A quoted identifier, ``"schema"."table"``; ValueError for anything but lower-case names."""
    for part in parts:
        if not _NAME.fullmatch(part):
            raise ValueError(f"{part!r} is not a name")
    return Sql(".".join(f'"{part}"' for part in parts))


def label(text: str) -> Sql:
    """A quoted identifier for people, in any language; ValueError for anything but words and brackets."""
    if not _LABEL.fullmatch(text):
        raise ValueError(f"{text!r} is not a label")
    return Sql(f'"{text}"')


def value(content: str | int | date | Decimal | Path | None) -> Sql:
    """A literal of the value's own type."""
    match content:
        case None:
            return Sql("null")
        case bool() | float():
            raise TypeError("neither flags nor floating point belong into a check")
        case int() | Decimal():
            return Sql(f"{content:f}" if isinstance(content, Decimal) else str(content))
        case date():
            return Sql(f"date '{content}'")
        case _:
            quoted = str(content).replace("'", "''")
            return Sql(f"'{quoted}'")


def fill(template: str, **parts: Sql) -> Sql:
    """The template with its ``{name}`` places filled."""
    return Sql(template.format(**parts))


def join(separator: str, parts: Iterable[Sql]) -> Sql:
    """Pieces put one after the other."""
    return Sql(separator.join(parts))
