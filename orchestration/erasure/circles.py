"""What gate 2 said of circles of parents, the one check whose message names customers.

A night names nobody who is under erasure when it runs; here are the nights before.
"""

import re
from collections.abc import Iterable

from orchestration.settings import Settings
from orchestration.sql import EVERY_ROW, Sql, fill, value
from orchestration.warehouse import open_database, tables

_CIRCLE = "group_circle"
_BLANK = "**"
_TOLD = ("quality", "fct_check_result")


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


def hide_names(settings: Settings, hidden: Iterable[str]) -> None:
    """Blank the numbers in what the build database keeps of the check."""
    if not settings.database.exists():
        return
    with open_database(settings) as connection:
        if _TOLD not in tables(connection):
            return
        for number in hidden:
            connection.execute(
                "update quality.fct_check_result set message ="
                " regexp_replace(message, '\\b' || regexp_escape($number) || '\\b', $blank, 'g')"
                " where check_code = $circle and contains(message, $number)",
                {"number": number, "blank": _BLANK, "circle": _CIRCLE},
            )
