"""What gate 2 said of circles of parents, the one check whose message names customers.

It names them in the table of results alone (``quality.fct_check_result``), and nobody who is under erasure
when the night runs; here are the nights before. Files and logs of older versions had the names, too.
"""

import re
from collections.abc import Iterable

import polars as pl

from orchestration.erasure.dagster_logs import blank_in_dagster
from orchestration.settings import PRIVATE_FILE, Settings
from orchestration.sql import EVERY_ROW, Sql, fill, value
from orchestration.warehouse import open_database, tables

_CIRCLE = "group_circle"
_BLANK = "**"
_TOLD = ("quality", "fct_check_result")
_ROOMS = ("quality", "runs")
_TEXTS = (".html", ".json", ".jsonl")


def names_nobody(columns: Iterable[str], erased: Sql) -> Sql:
    """Condition on rows of the check's results; true of other tables."""
    if not {"check_code", "message"} <= set(columns):
        return EVERY_ROW
    return fill(
        """
        not (check_code = {circle} and exists (
            select 1 from {erased} as erased
            where regexp_matches(message, '\\b' || regexp_escape(erased.customer_id) || '\\b')
        ))
        """,
        circle=value(_CIRCLE),
        erased=erased,
    )


def without_names(text: str, hidden: Iterable[str]) -> str:
    """A file of a release without those numbers in it that stand on the way round a circle."""
    for number in hidden:
        escaped = re.escape(number)
        text = re.sub(rf"(?<![\w-]){escaped}(?=/)|(?<=/){escaped}(?![\w-])", _BLANK, text)
    return text


def hide_names(settings: Settings, hidden: Iterable[str]) -> list[str]:
    """Blank the numbers in what build database, quality files, log of nights and Dagster keep of the check.

    Returns:
        Lines on what could not be changed.
    """
    hidden = tuple(hidden)
    _hide_in_files(settings, hidden)
    left = blank_in_dagster(settings, hidden, lambda text: without_names(text, hidden))
    if not settings.database.exists():
        return left
    with open_database(settings) as connection:
        if _TOLD not in tables(connection):
            return left
        for number in hidden:
            connection.execute(
                "update quality.fct_check_result set message ="
                " regexp_replace(message, '\\b' || regexp_escape($number) || '\\b', $blank, 'g')"
                " where check_code = $circle and contains(message, $number)",
                {"number": number, "blank": _BLANK, "circle": _CIRCLE},
            )
    return left


def _hide_in_files(settings: Settings, hidden: tuple[str, ...]) -> None:
    for path in sorted(p for room in _ROOMS for p in (settings.home / room).rglob("*") if p.is_file()):
        unfinished = path.with_name(f"{path.name}.unfinished")
        if path.suffix == ".parquet" and {"check_code", "message"} <= pl.read_parquet_schema(path).keys():
            results = pl.read_parquet(path)
            told = results["message"].to_list()
            kept = [without_names(message, hidden) for message in told]
            if kept == told:
                continue
            results.with_columns(pl.Series("message", kept)).write_parquet(unfinished)
        elif path.suffix in _TEXTS:
            text = path.read_text(encoding="utf-8")
            if not any(number in text for number in hidden) or (blank := without_names(text, hidden)) == text:
                continue
            unfinished.write_text(blank, encoding="utf-8")
        else:
            continue
        unfinished.chmod(PRIVATE_FILE)
        unfinished.replace(path)
