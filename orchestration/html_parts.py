"""Parts of pages: headings, tables, amounts and changes as HTML."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape

from orchestration.code_names import code_names


def section(zh: str, en: str, body: str) -> str:
    """A box of the page under its heading."""
    return f"<section>{heading(zh, en)}{body}</section>"


def heading(zh: str, en: str) -> str:
    """A heading: Chinese first, English beside it."""
    return f'<h2>{zh} <span class="en">{en}</span></h2>'


def table(heads: Sequence[str], rows: Iterable[str], kind: str = "") -> str:
    """A table of rows made by :func:`row`; a heading without words stands above bars, but for the first."""
    head = "".join(
        f"<th>{text}</th>" if text or not place else '<th class="wide"></th>'
        for place, text in enumerate(heads)
    )
    return f'<table class="{kind}"><tr>{head}</tr>{"".join(rows)}</table>'


def row(*cells: str, anchor: str = "") -> str:
    """A row; a cell that begins with ``<td`` brings its own."""
    opening = f'<tr id="{anchor}">' if anchor else "<tr>"
    shown = (cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in cells)
    return f"{opening}{''.join(shown)}</tr>"


def text(content: str, kind: str = "text") -> str:
    """A cell of text, or of another style."""
    return f'<td class="{kind}">{content}</td>'


def coded(kind: str, code: str | None) -> str:
    """A code as people read it, in Chinese with the English beside; one without a name is shown as it is."""
    if code is None:
        return ""
    name = code_names().get((kind, code))
    return f'{escape(name.zh)} <span class="en">{escape(name.en.lower())}</span>' if name else escape(code)


def unit(currency: str) -> str:
    """The unit of amounts on the page: ten thousand of the bank's currency."""
    return "万元" if currency == "CNY" else f"万{escape(currency)}"


def wan(amount: Decimal) -> str:
    """An amount in ten thousands, whole ones from a hundred of them on."""
    return f"{amount / 10_000:,.0f}" if abs(amount) >= 1_000_000 else f"{amount / 10_000:,.2f}"


def wan_change(now: Decimal, before: Decimal | None) -> str:
    """The change of an amount in ten thousands, as text."""
    if before is None:
        return "—"
    moved = now - before
    if not moved:
        return "±0"
    return f'<span class="{direction(moved)}">{"+" if moved > 0 else ""}{wan(moved)}</span>'


def change(now: int, before: int | None, good: int = 1) -> str:
    """The change as text; ``good`` is 1 where more is better, -1 where less is, 0 where neither."""
    if before is None:
        return "—"
    moved = now - before
    return f'<span class="{direction(moved * good)}">{moved:+,}</span>' if moved else "±0"


def direction(change: Decimal | int) -> str:
    """The style of a change: up, down or none."""
    return "up" if change > 0 else "down" if change < 0 else ""
