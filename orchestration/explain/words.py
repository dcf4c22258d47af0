"""How figures are written on a page."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from rich.table import Table

_MOST_ROWS = 20


def money(amount: Decimal | None) -> str:
    """An amount to the cent; nothing where there is none."""
    return "" if amount is None else f"{amount:,.2f}"


def signed(amount: Decimal | None) -> str:
    """A change: with its sign; nothing where it is not known."""
    return "" if amount is None else f"{amount:+,.2f}" if amount else "0.00"


def percent(share: Decimal | None) -> str:
    """A share as per cent."""
    return "" if share is None else f"{share * 100:.2f} %"


def month(day: date) -> str:
    """A month by name."""
    return f"{day:%B %Y}"


def cell(content: object) -> str:
    """Any value of a row."""
    match content:
        case None:
            return ""
        case bool():
            return "yes" if content else "no"
        case Decimal():
            return f"{content:,f}"
        case _:
            return str(content)


def listed(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table of rows as they are, numbers to the right; the first 20, and how many there are."""
    shown = rows[:_MOST_ROWS]
    more = f", the first {len(shown)} of {len(rows)}" if len(shown) < len(rows) else ""
    table = Table(title=f"{title}{more}", title_justify="left")
    for place, column in enumerate(columns):
        is_number = any(isinstance(row[place], Decimal | int) for row in shown)
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in shown:
        table.add_row(*map(cell, row))
    return table
