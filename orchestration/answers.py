"""What a query of the release gives, as a table for people or in a format for other programs.

Put here: writing an answer, whole, into a file or a pipe. Keep out: opening a release
(``releases/on_disk.py``).
"""

import codecs
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, get_args

import duckdb
import polars as pl
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from typer import BadParameter

from orchestration.console import out
from orchestration.errors import QueryError
from orchestration.releases.on_disk import open_current
from orchestration.settings import Settings

FormatName = Literal["table", "csv", "xlsx", "json", "parquet"]
FORMATS: tuple[FormatName, ...] = get_args(FormatName)

_MOST_ROWS = 100
"""Rows that a person is shown on a terminal; files and pipes get all."""

_ROWS_AT_ONCE = 100_000
_EXCEL_ROWS, _EXCEL_COLUMNS = 1_048_575, 16_384
_WIDEST = 100_000


def answer(
    settings: Settings, sql: str, *, kind: FormatName | None = None, target: Path | None = None
) -> None:
    """Run a query on the current release and print its answer, or write it to a file.

    Args:
        settings: The warehouse.
        sql: The query; it reads the release and nothing else of this machine.
        kind: Format of the answer; without it that of the file's ending, else a table.
        target: File to write; without it the answer is printed. A file that is there is replaced at the end.

    Raises:
        PublicationError: Nothing is published, or the release cannot be read.
        QueryError: The query cannot be answered, or not in that format.
    """
    chosen = kind or _kind_of(target)
    if target is None and chosen in ("xlsx", "parquet") and sys.stdout.isatty():
        raise QueryError(f"{chosen} is no text for a terminal. Name a file: --to answer.{chosen}")
    with open_current(settings, is_shut_in=True) as connection, _in_one_line():
        cursor = connection.execute(sql)
        if cursor is None or cursor.description is None:
            raise QueryError("There is no query in it.")
        if chosen == "table":
            _write_table(cursor, target)
        elif target is None:
            sys.stdout.flush()
            _WRITERS[chosen](cursor, sys.stdout.buffer)
        else:
            unfinished = target.with_name(f".{target.name}.unfinished")
            try:
                with unfinished.open("wb") as file:
                    if chosen == "csv":
                        # without the mark Excel takes Chinese for another character set; pipes get none
                        file.write(codecs.BOM_UTF8)
                    _WRITERS[chosen](cursor, file)
                unfinished.replace(target)
            finally:
                unfinished.unlink(missing_ok=True)


def format_named(text: str | None) -> FormatName | None:
    """The format of a name; BadParameter for any other."""
    found = next((kind for kind in FORMATS if kind == text), None)
    if text is not None and found is None:
        raise BadParameter(f"{text!a} is none of {', '.join(FORMATS)}", param_hint="--format")
    return found


def _kind_of(target: Path | None) -> FormatName:
    if target is None:
        return "table"
    for kind in FORMATS:
        if target.suffix.lower() == f".{kind}":
            return kind
    raise QueryError(f"{target.name} does not tell its format. Add --format, one of {', '.join(FORMATS)}.")


@contextmanager
def _in_one_line() -> Iterator[None]:
    """What DuckDB says of a query, without the query, which it repeats below."""
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(" ".join(str(error).partition("\nLINE ")[0].split())) from error


def _write_table(cursor: duckdb.DuckDBPyConnection, target: Path | None) -> None:
    is_for_a_person = target is None and out.is_terminal
    rows = cursor.fetchmany(_MOST_ROWS + 1) if is_for_a_person else cursor.fetchall()
    names = [column[0] for column in cursor.description or ()]
    shown = rows[:_MOST_ROWS] if is_for_a_person else rows
    texts = [["" if content is None else str(content) for content in row] for row in shown]
    table = Table()
    for name in names:
        table.add_column(name, no_wrap=not is_for_a_person)
    for row in texts:
        table.add_row(*row)
    if is_for_a_person and _width(table) > out.width:
        _print_vertically(names, texts)
    elif is_for_a_person:
        out.print(table)
    elif target is None:
        Console(file=sys.stdout, width=_width(table), markup=False, emoji=False, highlight=False).print(table)
    else:
        with target.open("w", encoding="utf-8") as file:
            Console(file=file, width=_width(table), markup=False, emoji=False, highlight=False).print(table)
    if len(rows) > len(shown):
        out.print(f"… the first {_MOST_ROWS} rows. All of them: --to answer.csv")


def _width(table: Table) -> int:
    """As wide as the table is: no column is cut."""
    return Measurement.get(out, out.options.update(width=_WIDEST), table).maximum


def _print_vertically(names: list[str], rows: list[list[str]]) -> None:
    """A line per column: a row that is wider than the terminal is not cut."""
    longest = max(map(len, names))
    for number, row in enumerate(rows, 1):
        out.print(f"── row {number}")
        for name, text in zip(names, row, strict=True):
            out.print(f"{name.rjust(longest)}  {text}", soft_wrap=True)


def _write_csv(cursor: duckdb.DuckDBPyConnection, file: BinaryIO) -> None:
    is_first = True
    for batch in cursor.to_arrow_reader(_ROWS_AT_ONCE):
        _flat(_frame(batch)).write_csv(file, include_header=is_first)
        is_first = False
    if is_first:
        header = pl.DataFrame(schema=dict.fromkeys([c[0] for c in cursor.description or ()], pl.String))
        header.write_csv(file)


def _write_json(cursor: duckdb.DuckDBPyConnection, file: BinaryIO) -> None:
    file.write(_whole(cursor).write_json().encode() + b"\n")


def _write_parquet(cursor: duckdb.DuckDBPyConnection, file: BinaryIO) -> None:
    _whole(cursor).write_parquet(file)


def _write_xlsx(cursor: duckdb.DuckDBPyConnection, file: BinaryIO) -> None:
    frame = _flat(_whole(cursor))
    if frame.height > _EXCEL_ROWS or frame.width > _EXCEL_COLUMNS:
        raise QueryError(f"{frame.height:,} rows are more than a sheet holds. Take --format csv or parquet.")
    # text stays text: what begins with = is no formula, an identifier no number
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    # takes a moment to import: only where it is used
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    content = io.BytesIO()
    with Workbook(content, options) as book:
        frame.write_excel(book, worksheet="answer", autofit=True)
    file.write(content.getvalue())


def _whole(cursor: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    return _frame(cursor.to_arrow_table())


def _frame(content: object) -> pl.DataFrame:
    frame = pl.from_arrow(content)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists and structures as text: a cell holds one value."""
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    return frame.with_columns(
        pl.Series(name, [None if v is None else str(v) for v in frame[name].to_list()], dtype=pl.String)
        for name in nested
    )


_WRITERS: dict[str, Callable[[duckdb.DuckDBPyConnection, BinaryIO], None]] = {
    "csv": _write_csv,
    "json": _write_json,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
}
