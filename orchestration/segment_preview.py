"""Customers of the current release who meet a condition, counted and listed."""

import re
from dataclasses import dataclass

from rich.table import Table

from orchestration.errors import PublicationError
from orchestration.releases.on_disk import open_current
from orchestration.segments.condition import condition_sql
from orchestration.segments.saved import SCREENED, screened_columns
from orchestration.settings import Settings
from orchestration.sql import Sql, fill, join, name, value

_LISTED = (
    "customer_id",
    "owning_org_id",
    "employee_id",
    "tier_code",
    "aum_amt",
    "loan_amt",
    "held_line_codes",
)


@dataclass(frozen=True)
class Found:
    """How many customers meet a condition, and the first of them by AUM, the largest first."""

    customer_cnt: int
    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def find_customers(settings: Settings, condition: str, limit: int) -> Found:
    """Customers of the current release who are not closed and meet the condition.

    Raises:
        ConditionError: The condition is refused.
        PublicationError: The release has no table to screen.
    """
    table = name(*SCREENED)
    with open_current(settings) as connection:
        types = dict(
            connection.execute(
                "select column_name, data_type from information_schema.columns"
                " where table_schema = ? and table_name = ?",
                list(SCREENED),
            ).fetchall()
        )
        if not types:
            raise PublicationError(f"The current release has no {'.'.join(SCREENED)}: run a night.")
        # nothing of the text as it was given is in here; a row that has no answer does not meet it
        where = Sql(condition_sql(condition, screened_columns(types)))
        meets = fill(
            "from {table} where not is_closed and coalesce(try({where}), false)", table=table, where=where
        )
        counted = connection.execute(fill("select count(*) {meets}", meets=meets)).fetchone()
        rows = connection.execute(
            fill(
                "select {columns} {meets}"
                " order by aum_amt desc nulls last, customer_id nulls last limit {limit}",
                columns=join(", ", [name(column) for column in _LISTED]),
                meets=meets,
                limit=value(limit),
            )
        ).fetchall()
    return Found(counted[0] if counted else 0, _LISTED, rows)


def show_customers(settings: Settings, condition: str, limit: int, title: str) -> None:
    """Print them; of numbers that the condition names and that are merged, where their figures are."""
    from orchestration.console import out
    from orchestration.explain import merge_sentences, read_merges

    found = find_customers(settings, condition, limit)
    out.print(f"{title}: {found.customer_cnt:,} customers")
    table = Table()
    for column in found.columns:
        table.add_column(column, justify="right" if column.endswith("_amt") else "left")
    for row in found.rows:
        table.add_row(*("" if cell is None else f"{cell}" for cell in row))
    if found.rows:
        out.print(table)
    for sentence in merge_sentences(read_merges(settings, re.findall(r"'([^']*)'", condition))):
        out.print(sentence, markup=False, highlight=False)
