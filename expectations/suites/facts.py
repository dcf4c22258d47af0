"""Gate 1: what the reader of the files found that no query can find again, from the batch report."""

import re

from expectations.check import Check
from expectations.results import CheckResult, ran
from orchestration.ingestion.lake import BatchReport

_NAME = re.compile(r"(?:[0-9]+ )?([A-Za-z_][A-Za-z0-9_]{0,59})")
"""A column's name, after its place in the file; anything else may be a value and is not shown."""


def of_report(report: BatchReport) -> list[CheckResult]:
    """Columns that the contract does not know, padding that was cut off, dates that mean none."""
    return [*_unknown_columns(report), *_padded(report), *_open_dates(report)]


def _unknown_columns(report: BatchReport) -> list[CheckResult]:
    found = {table: columns for table, columns in report.unknown_columns.items() if columns} or {"": []}
    return [
        ran(
            Check(check_code="column_unknown", table=table, unit="columns"),
            "fact",
            len(columns),
            len(columns),
            passed=not columns,
            told=", ".join(_shown(column) for column in columns),
        )
        for table, columns in found.items()
    ]


def _shown(column: str) -> str:
    name = _NAME.fullmatch(column)
    return name[1] if name is not None else "a name of other characters"


def _padded(report: BatchReport) -> list[CheckResult]:
    return [
        ran(
            Check(check_code="key_padded", table=table, column=column, unit="values"),
            "fact",
            read.delivered_rows,
            count,
            passed=False,
        )
        for table, read in report.tables.items()
        for column, count in read.padded.items()
    ]


def _open_dates(report: BatchReport) -> list[CheckResult]:
    """On record, no warning: the contract says that banks write it so."""
    return [
        ran(
            Check(check_code="open_date", table=table, column=column, unit="values"),
            "fact",
            read.delivered_rows,
            0,
            passed=True,
            observed=str(count),
        )
        for table, read in report.tables.items()
        for column, count in read.open_dates.items()
    ]
