"""Rules that need more than one row or table: which rows of tonight's batch break them, as SQL.

Read twice: the screening takes such rows out, gate 1 checks that none is left. Rows come from the
``lake`` views, what may be referred to from the ``known`` views.
"""

from dataclasses import dataclass

import duckdb

from contract.model import OP_COLUMN, Column, Contract, MonthHistory, Table
from orchestration.check_rules import rule_values
from orchestration.sql import Sql, fill, join, name, value

REFERENCE = "reference_unknown"
OVERDRAFT = "negative_balance"
SHARES = "shares_not_one"
MONTH_SUM = "month_sum_off"
MONTH_EARLY = "month_before_opening"
MONTH_LATE = "month_after_closing"
NOT_IN_RULES = "not_in_rules"
PATTERN = "value_not_as_written"
CROSS_CODES = (
    REFERENCE, OVERDRAFT, SHARES, MONTH_SUM, MONTH_EARLY, MONTH_LATE, NOT_IN_RULES, PATTERN,
)  # fmt: skip


@dataclass(frozen=True)
class CrossRule:
    """One rule on one column.

    Attributes:
        rows: Query for source_file and source_row of the rows that break it.
    """

    check_code: str
    table: str
    column: str
    rows: Sql


def row_rules(table: Table) -> list[CrossRule]:
    """Rules that judge each row by itself against what is known."""
    rules = []
    for column in table.columns:
        if column.references is not None and column.alike is None:
            rules.append(CrossRule(REFERENCE, table.name, column.name, _unknown(table, column)))
        if column.scopes:
            rules.append(CrossRule(REFERENCE, table.name, column.name, _unknown_scope(table, column)))
        if column.rule_list is not None:
            rules.append(CrossRule(NOT_IN_RULES, table.name, column.name, _not_listed(table, column)))
        if column.pattern is not None:
            rules.append(CrossRule(PATTERN, table.name, column.name, _not_matching(table, column)))
        if column.overdraft_of is not None:
            rules.append(CrossRule(OVERDRAFT, table.name, column.name, _overdrawn(table, column)))
        if table.history is not None and column.month_days is not None:
            early = _before_opening(table, table.history, column)
            rules.append(CrossRule(MONTH_EARLY, table.name, column.name, early))
            if table.history.until is not None:
                late = _after_closing(table, table.history, column, table.history.until)
                rules.append(CrossRule(MONTH_LATE, table.name, column.name, late))
            impossible = _sum_impossible(table, table.history, column.month_days)
            rules.append(CrossRule(MONTH_SUM, table.name, table.history.total, impossible))
    return rules


def group_rules(table: Table, connection: duckdb.DuckDBPyConnection) -> list[CrossRule]:
    """Rules that judge a group of rows by its state after tonight's batch."""
    return [
        CrossRule(SHARES, table.name, column.name, _shares(table, column, _state(table, connection)))
        for column in table.columns
        if column.group
    ]


def key_relation(table: str) -> Sql:
    """Where the known keys of a table are collected for the time of one connection."""
    return name("temp", f"known_{table}_key")


def collect_keys(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Read the known keys of a table once; every reference to it asks these instead of the view."""
    connection.execute(
        fill(
            "create or replace temp table {relation} as select {key} from {known} where {key} is not null",
            relation=name(f"known_{table.name}_key"),
            key=name(table.key[0]),
            known=name("known", table.name),
        )
    )


def referenced_tables(contract: Contract) -> set[str]:
    """Tables that other tables refer to."""
    return {
        target.partition(".")[0]
        for table in contract.tables
        for column in table.columns
        for target in column.targets
    }


def _unknown(table: Table, column: Column) -> Sql:
    assert column.references is not None
    # no "not exists": DuckDB collects the distinct values of all rows first, at three times the cost
    target, _, target_column = column.references.partition(".")
    return fill(
        """
        select tonight.source_file, tonight.source_row
        from {rows} as tonight
        anti join {known} as known on known.{target_column} = tonight.{column}
        where tonight.{column} is not null {not_deleted}
        """,
        rows=name("lake", table.name),
        column=name(column.name),
        # the table's own keys are only complete once it has been screened
        known=name("known", target) if target == table.name else key_relation(target),
        target_column=name(target_column),
        not_deleted=not_deleted(table),
    )


def not_followed(table: Table, column: Column) -> Sql:
    """Rows whose reference to their own table is not followed: to nobody known, or to another kind."""
    assert column.references is not None and column.alike is not None
    return fill(
        """
        select tonight.source_file, tonight.source_row
        from {rows} as tonight
        left join {known} as known on known.{target_column} = tonight.{column}
        where
            tonight.{column} is not null
            and (known.{target_column} is null or known.{alike} <> tonight.{alike}) {not_deleted}
        """,
        rows=name("lake", table.name),
        column=name(column.name),
        known=name("known", table.name),
        target_column=name(column.references.partition(".")[2]),
        alike=name(column.alike),
        not_deleted=not_deleted(table),
    )


def _unknown_scope(table: Table, column: Column) -> Sql:
    """Rows whose scope, of a kind that the column before tells, was never delivered."""
    kind = table.columns[table.columns.index(column) - 1]
    unknown = (
        fill(
            """
            select tonight.source_file, tonight.source_row
            from {rows} as tonight
            anti join {known} as known on known.{target_column} = tonight.{column}
            where tonight.{kind} = {code} {not_deleted}
            """,
            rows=name("lake", table.name),
            column=name(column.name),
            kind=name(kind.name),
            code=value(code),
            known=key_relation(target.partition(".")[0]),
            target_column=name(target.partition(".")[2]),
            not_deleted=not_deleted(table),
        )
        for code, target in sorted(column.scopes.items())
    )
    return join(" union all ", unknown)


def _not_listed(table: Table, column: Column) -> Sql:
    assert column.rule_list is not None
    return fill(
        """
        select tonight.source_file, tonight.source_row
        from {rows} as tonight
        where tonight.{column} not in ({listed}) {not_deleted}
        """,
        rows=name("lake", table.name),
        column=name(column.name),
        listed=join(", ", map(value, rule_values(column.rule_list))),
        not_deleted=not_deleted(table),
    )


def _not_matching(table: Table, column: Column) -> Sql:
    assert column.pattern is not None
    return fill(
        """
        select tonight.source_file, tonight.source_row
        from {rows} as tonight
        where not regexp_full_match(tonight.{column}, {pattern}) {not_deleted}
        """,
        rows=name("lake", table.name),
        column=name(column.name),
        pattern=value(column.pattern),
        not_deleted=not_deleted(table),
    )


def _overdrawn(table: Table, column: Column) -> Sql:
    return fill(
        """
        select tonight.source_file, tonight.source_row
        from {rows} as tonight
        inner join known.account as account on tonight.account_id = account.account_id
        inner join known.product as product on account.product_code = product.product_code
        where tonight.{column} < 0 and not product.allows_overdraft
        """,
        rows=name("lake", table.name),
        column=name(column.name),
    )


def _before_opening(table: Table, history: MonthHistory, month: Column) -> Sql:
    """Months that were over before what they tell of began."""
    return fill(
        """
        select tonight.source_file, tonight.source_row
        from {rows} as tonight
        inner join {known} as known on tonight.{key} = known.{key}
        where last_day(tonight.{month}) < known.{since}
        """,
        rows=name("lake", table.name),
        known=name("known", history.of),
        key=name(table.key[0]),
        month=name(month.name),
        since=name(history.since),
    )


def _after_closing(table: Table, history: MonthHistory, month: Column, until: str) -> Sql:
    """Months with a balance of days on which there was none any more.

    A month that began after the closing has none; a row with more days than there were before it ends with 0.
    """
    assert month.month_days is not None
    return fill(
        """
        select tonight.source_file, tonight.source_row
        from {rows} as tonight
        inner join {known} as known on tonight.{key} = known.{key}
        where (tonight.{month} >= known.{until} and (tonight.{total} <> 0 or tonight.{last} <> 0))
            or (tonight.{last} <> 0
                and tonight.{days} > known.{until} - greatest(tonight.{month}, known.{since}))
        """,
        rows=name("lake", table.name),
        known=name("known", history.of),
        key=name(table.key[0]),
        month=name(month.name),
        days=name(month.month_days),
        total=name(history.total),
        last=name(history.last),
        since=name(history.since),
        until=name(until),
    )


def _sum_impossible(table: Table, history: MonthHistory, days: str) -> Sql:
    """Sums that no daily balances add to.

    Of one day it is that day's balance; where no day can be negative it is at least that of the last.
    """
    return fill(
        """
        select tonight.source_file, tonight.source_row
        from {rows} as tonight
        inner join {known} as known on tonight.{key} = known.{key}
        inner join known.product as product on known.product_code = product.product_code
        where (tonight.{days} = 1 and tonight.{total} <> tonight.{last})
            or (tonight.{total} < tonight.{last} and not product.allows_overdraft)
        """,
        rows=name("lake", table.name),
        known=name("known", history.of),
        key=name(table.key[0]),
        days=name(days),
        total=name(history.total),
        last=name(history.last),
    )


def _state(table: Table, connection: duckdb.DuckDBPyConnection) -> Sql:
    """All rows of the table after tonight's batch; tonight's rows where no view carries the state."""
    known = connection.execute(
        "select count(*) from information_schema.tables where table_schema = 'known' and table_name = ?",
        [table.name],
    ).fetchone()
    if known is not None and known[0]:
        return fill("select * from {known}", known=name("known", table.name))
    return fill(
        "select * from {rows} as tonight where true {not_deleted}",
        rows=name("lake", table.name),
        not_deleted=not_deleted(table),
    )


def _shares(table: Table, column: Column, state: Sql) -> Sql:
    """Every row of tonight whose group does not add to 1 on each day that it is valid.

    All of tonight's rows of such a group go, deletions too: the group stays as it was known before.
    """
    has_interval = "valid_from" in column.group and "valid_to" in table.column_names
    keys = [key for key in column.group if not (has_interval and key == "valid_from")]
    parts = {
        "rows": name("lake", table.name),
        "state": state,
        "column": name(column.name),
        "keys": join(", ", map(name, keys)),
        "state_keys": join(", ", (fill("state.{key}", key=name(key)) for key in keys)),
        "same_day": join(" and ", (fill("state.{key} = days.{key}", key=name(key)) for key in keys)),
        "same_group": join(" and ", (fill("tonight.{key} = broken.{key}", key=name(key)) for key in keys)),
    }
    if not has_interval:
        broken = fill("select {keys} from touched group by {keys} having sum({column}) <> 1", **parts)
    else:
        # shares only change on a day on which a row begins or ends
        broken = fill(
            """
            select {state_keys}
            from touched as state
            inner join (
                select {keys}, valid_from as day from touched
                union
                select {keys}, valid_to as day from touched where valid_to is not null
            ) as days on {same_day}
            where state.valid_from <= days.day and (state.valid_to is null or state.valid_to > days.day)
            group by {state_keys}, days.day
            having sum(state.{column}) <> 1
            """,
            **parts,
        )
    return fill(
        """
        with touched as (
            select state.* from ({state}) as state
            where ({state_keys}) in (select ({keys}) from {rows})
        ),
        broken as ({broken})
        select tonight.source_file, tonight.source_row
        from {rows} as tonight
        where exists (select 1 from broken where {same_group})
        """,
        broken=broken,
        **parts,
    )


def not_deleted(table: Table) -> Sql:
    """Condition that leaves out deletions, of which only the key counts."""
    return fill("and tonight.{op} <> {d}", op=name(OP_COLUMN), d=value("D")) if table.kind == "D" else Sql("")
