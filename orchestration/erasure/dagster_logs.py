"""Names that older versions wrote into Dagster's logs: what gate 2 said of circles of parents.

Put here: the databases and texts below Dagster's folder. Keep out: the warehouse's own (``circles.py``).
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from orchestration.settings import Settings

_DATABASE = ".db"
_TEXTS = (".out", ".err", ".log")
_BUSY_SECONDS = 5.0
_QUOTE = '"'


def blank_in_dagster(
    settings: Settings, numbers: tuple[str, ...], blanked: Callable[[str], str]
) -> list[str]:
    """Blank numbers in what Dagster keeps of its runs.

    Args:
        numbers: A text without any of them is left alone.
        blanked: A text without the numbers that are to go.

    Returns:
        Lines on files that could not be changed.
    """
    left = []
    for path in sorted(settings.dagster_home.rglob("*")) if numbers else ():
        if path.is_symlink() or not path.is_file():
            continue
        try:
            if path.suffix == _DATABASE:
                _blank_in_database(path, numbers, blanked)
            elif path.suffix in _TEXTS:
                _blank_in_text(path, numbers, blanked)
        except (OSError, sqlite3.Error):
            place = f"{str(path.relative_to(settings.home))!a}"
            left.append(f"{place} may name them and could not be changed: end `acrm serve`")
    return left


def _blank_in_text(path: Path, numbers: tuple[str, ...], blanked: Callable[[str], str]) -> None:
    # bytes that are no text stay as they are
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if any(number in text for number in numbers) and (kept := blanked(text)) != text:
        # in place: Dagster may be writing into it
        path.write_text(kept, encoding="utf-8", errors="surrogateescape")


def _blank_in_database(path: Path, numbers: tuple[str, ...], blanked: Callable[[str], str]) -> None:
    with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
        connection.create_function("blanked", 1, blanked, deterministic=True)
        found = 0
        for table, column in connection.execute(
            "select tables.name, columns.name from sqlite_master as tables,"
            " pragma_table_info(tables.name) as columns"
            " where tables.type = 'table' and tables.name not like 'sqlite_%'"
        ).fetchall():
            cell, rows = _quoted(column), _quoted(table)
            for number in numbers:
                found += connection.execute(
                    f"update {rows} set {cell} = blanked({cell}) where typeof({cell}) = 'text'"  # noqa: S608
                    f" and instr({cell}, ?) > 0 and blanked({cell}) <> {cell}",
                    (number,),
                ).rowcount
        if found:
            # neither free pages nor the log of what is not yet in the file keep them
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")


def _quoted(identifier: str) -> str:
    return _QUOTE + identifier.replace(_QUOTE, _QUOTE * 2) + _QUOTE
