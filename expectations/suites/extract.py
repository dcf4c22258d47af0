"""Gate 1: what the contract says of every delivered table, read from ``extracts.yml``.

Rows that break a rule for single rows were taken out before; these checks find what was left in.
"""

from collections.abc import Set
from math import ceil, floor

import duckdb

from contract.model import Column, Table
from expectations.check import Check, FailingRows, RowCount, Suite, exact
from expectations.suites.row_amounts import dues_fit, events_fit
from orchestration.check_rules import rule_for, tables_with_rule
from orchestration.screening.cross_rules import CrossRule, group_rules, not_deleted, not_followed, row_rules
from orchestration.sql import Sql, fill, join, name, value

_MOST_NAMED = 20


def extract_suite(
    table: Table,
    connection: duckdb.DuckDBPyConnection,
    *,
    is_initial: bool,
    previous_rows: int | None,
    kept: Set[tuple[str, str, str]] = frozenset(),
) -> Suite:
    """Arrival, key, values and references of one delivered table.

    Args:
        previous_rows: The table's rows in the batch before, if there was one.
        kept: Rules, by table, column and code, that the screening found kept by what it left.
    """
    checks: list[Check] = [*arrival(table, is_initial=is_initial), *row_count(table, previous_rows)]
    checks += [key_unique(table), *required_filled(table), *codes_in_list(table)]
    checks += [*rates_below_one(table), *no_circles(table), *followed(table)]
    checks += [*events_fit(table), *dues_fit(table)]
    checks += [
        none_left(rule, is_kept=(rule.table, rule.column, rule.check_code) in kept)
        for rule in (*row_rules(table), *group_rules(table, connection))
    ]
    return Suite("lake", table.name, checks)


def arrival(table: Table, *, is_initial: bool) -> list[Check]:
    """A table that the rule table names cannot be empty; a delta only on the initial load."""
    if table.name not in tables_with_rule("arrival") or (table.kind == "D" and not is_initial):
        return []
    return [RowCount(check_code="arrival", table=table.name, unit="total", least=1)]


def row_count(table: Table, previous_rows: int | None) -> list[Check]:
    """A full table holds about as many rows as the night before."""
    if table.kind != "F" or not previous_rows:
        return []
    limit = exact(rule_for("row_count_moved", table.name).limit)
    least, most = ceil(previous_rows * (1 - limit)), floor(previous_rows * (1 + limit))
    return [
        RowCount(
            check_code="row_count_moved",
            table=table.name,
            unit="total",
            least=least,
            most=most,
            before=previous_rows,
        )
    ]


def key_unique(table: Table) -> Check:
    """No two rows share a key."""
    parts = {"rows": name("lake", table.name), "key": join(", ", map(name, table.unique_columns))}
    return FailingRows(
        check_code="key_not_unique",
        table=table.name,
        column=table.key[0] if len(table.key) == 1 else None,
        query=fill(
            """
            select coalesce(sum(same_key_cnt), 0), coalesce(sum(same_key_cnt - 1), 0)
            from (select count(*) as same_key_cnt from {rows} group by {key})
            """,
            **parts,
        ),
        locate=fill(
            """
            select source_file, source_row
            from (
                select source_file, source_row,
                    row_number() over (partition by {key} order by source_file, source_row) as same_key_number
                from {rows}
            )
            where same_key_number > 1
            """,
            **parts,
        ),
    )


def required_filled(table: Table) -> list[Check]:
    """No column is empty that cannot be."""
    empty = [fill("tonight.{c} is null", c=name(c.name)) for c in table.columns if not c.nullable]
    return [_filtered("value_missing", table, empty)]


def codes_in_list(table: Table) -> list[Check]:
    """Every code is in its closed list."""
    outside = [_outside(column) for column in table.columns if column.values]
    return [_filtered("value_not_in_list", table, outside)] if outside else []


def rates_below_one(table: Table) -> list[Check]:
    """Rates are parts of one; more than that is most likely told in percent."""
    return [
        _filtered("rate_above_one", table, [fill("abs(tonight.{rate}) > 1", rate=name(column.name))], column)
        for column in table.columns
        if column.type == "rate"
    ]


def no_circles(table: Table) -> list[Check]:
    """Where rows refer to rows of their own table, nothing comes back to itself by way of others."""
    return [
        _no_circle(table, column)
        for column in table.columns
        if column.references is not None and column.references.partition(".")[0] == table.name
    ]


def followed(table: Table) -> list[Check]:
    """Rows that are said to be one with another of their table can be so; the others stay what they are."""
    return [
        FailingRows(
            check_code="merge_not_followed",
            table=table.name,
            column=column.name,
            query=fill(
                "select (select count(*) from {rows}), (select count(*) from ({left}))",
                rows=name("lake", table.name),
                left=not_followed(table, column),
            ),
            locate=not_followed(table, column),
        )
        for column in table.columns
        if column.alike is not None
    ]


def _no_circle(table: Table, column: Column) -> Check:
    parts = {
        "rows": name("lake", table.name),
        # what earlier nights told closes a circle, too
        "known": name("known", table.name),
        "key": name(table.key[0]),
        "column": name(column.name),
    }
    circle = fill(
        """
        with recursive above as (
            select {key} as start_key, {column} as next_key from {rows} where {column} <> {key}
            union
            select above.start_key, next.{column}
            from above
            inner join {known} as next on above.next_key = next.{key}
            where next.{column} <> next.{key}
        )
        select tonight.{key} as key, tonight.source_file, tonight.source_row
        from {rows} as tonight
        inner join above on tonight.{key} = above.start_key and tonight.{key} = above.next_key
        """,
        **parts,
    )
    return FailingRows(
        check_code="reference_circle",
        table=table.name,
        column=column.name,
        query=fill(
            """
            select (select count(*) from {rows}), count(*), null,
                {named}
            from ({circle})
            """,
            circle=circle,
            # of a person's number file and row are told
            named=Sql("null")
            if column.pfi != "none"
            else fill(
                "array_to_string(list_slice(list(key order by key), 1, {most}), ', ')",
                most=value(_MOST_NAMED),
            ),
            **parts,
        ),
        locate=fill("select source_file, source_row from ({circle})", circle=circle),
    )


def none_left(rule: CrossRule, *, is_kept: bool = False) -> Check:
    """The screening has left no row that breaks the rule; where it looked at what is left, it has counted."""
    failing = Sql("0") if is_kept else fill("(select count(*) from ({rows}))", rows=rule.rows)
    return FailingRows(
        check_code=rule.check_code,
        table=rule.table,
        column=rule.column,
        query=fill(
            "select (select count(*) from {table}), {failing}",
            table=name("lake", rule.table),
            failing=failing,
        ),
        locate=rule.rows,
    )


def _outside(column: Column) -> Sql:
    return fill(
        "cast(tonight.{column} as varchar) not in ({values})",
        column=name(column.name),
        values=join(", ", map(value, column.values)),
    )


def _filtered(check_code: str, table: Table, conditions: list[Sql], column: Column | None = None) -> Check:
    parts = {
        "rows": name("lake", table.name),
        "fails": fill("({any}) {not_deleted}", any=join(" or ", conditions), not_deleted=not_deleted(table)),
    }
    return FailingRows(
        check_code=check_code,
        table=table.name,
        column=None if column is None else column.name,
        query=fill("select count(*), count(*) filter (where {fails}) from {rows} as tonight", **parts),
        locate=fill("select source_file, source_row from {rows} as tonight where {fails}", **parts),
    )
