"""Takes out of tonight's batch the rows that other rows or tables contradict.

Tables are screened in the order of their references, because a refused customer makes the accounts
that name it unknown. A refused row goes to the quarantine with its rule; the ``lake`` views leave it out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from contract.model import Contract, Table, load_contract
from orchestration.check_rules import rule_for
from orchestration.ingestion.lake import table_files
from orchestration.screening.cross_rules import (
    CrossRule,
    collect_keys,
    group_rules,
    referenced_tables,
    row_rules,
)
from orchestration.settings import BatchId, Settings, private_folder
from orchestration.sql import Sql, fill, join, name, value
from orchestration.warehouse import create_lake_views

_SCREENED = name("temp", "screened_row")


@dataclass(frozen=True)
class Screening:
    """What a screening found.

    Attributes:
        refused: Refused rows by table and rule.
        kept: Rules, by table, column and code, that were judged on what is left and that no row of it breaks.
    """

    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    kept: set[tuple[str, str, str]] = field(default_factory=set)


def screen_batch(settings: Settings, batch: BatchId, connection: duckdb.DuckDBPyConnection) -> Screening:
    """Refuse rows that break a rule across rows or tables.

    A rule that the rule table only warns about refuses nothing; gate 1 counts its rows.
    """
    _forget(settings, batch, connection)
    contract = load_contract()
    referenced = referenced_tables(contract)
    screening = Screening()
    for table in reference_order(contract):
        if table_files(settings, table.name, batch):
            _screen_table(settings, batch, connection, table, screening)
        if table.name in referenced:
            collect_keys(connection, table)
    return screening


def reference_order(contract: Contract) -> list[Table]:
    """Tables after the tables that they refer to."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for table in contract.tables:
        targets = {target.partition(".")[0] for column in table.columns for target in column.targets}
        order.add(table.name, *sorted(targets - {table.name}))
    return [contract.table(table) for table in order.static_order()]


def _forget(settings: Settings, batch: BatchId, connection: duckdb.DuckDBPyConnection) -> None:
    """Remove what an earlier run of the same batch refused: a rerun starts from the same rows."""
    earlier = list((settings.quarantine / batch.folder).glob("*.screened.parquet"))
    for path in earlier:
        path.unlink()
    if earlier:
        create_lake_views(connection, settings, batch)


def _screen_table(
    settings: Settings,
    batch: BatchId,
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    screening: Screening,
) -> None:
    connection.execute(
        "create or replace temp table screened_row "
        "(source_file varchar, source_row bigint, column_name varchar, rule_code varchar)"
    )

    def refuse(rules: Sequence[CrossRule]) -> bool:
        judged = [rule for rule in rules if rule_for(rule.check_code, rule.table).severity_code != "warn"]
        found = _collect(connection, judged)
        if found:
            # what is left has to be judged anew
            screening.kept.difference_update([kept for kept in screening.kept if kept[0] == table.name])
            _write(settings, batch, connection, table)
            create_lake_views(connection, settings, batch)
        else:
            screening.kept.update((rule.table, rule.column, rule.check_code) for rule in judged)
        return found

    refers_to_itself = any((column.references or "").startswith(f"{table.name}.") for column in table.columns)
    # a refused row may have been what another row of its own table referred to
    while refuse(row_rules(table)) and refers_to_itself:
        pass
    refuse(group_rules(table, connection))
    counted = connection.execute(
        fill(
            "select rule_code, count(distinct (source_file, source_row)) from {screened} group by rule_code",
            screened=_SCREENED,
        )
    ).fetchall()
    screening.refused.update({(table.name, rule_code): count for rule_code, count in counted})


def _collect(connection: duckdb.DuckDBPyConnection, rules: Iterable[CrossRule]) -> bool:
    """Add the rows that break one of the rules; whether there were any."""
    queries = [
        fill(
            "select source_file, source_row, {column} as column_name, {code} as rule_code from ({rows})",
            column=value(rule.column),
            code=value(rule.check_code),
            rows=rule.rows,
        )
        for rule in rules
    ]
    if not queries:
        return False
    added = connection.execute(
        fill("insert into {screened} {rows}", screened=_SCREENED, rows=join(" union all ", queries))
    ).fetchone()
    return added is not None and added[0] > 0


def _write(settings: Settings, batch: BatchId, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Write all refused rows of a table so far, as the bank sent them, with rule and column."""
    path = private_folder(settings.quarantine / batch.folder) / f"{table.name}.screened.parquet"
    unfinished = path.with_suffix(".unfinished")
    connection.execute(_quarantine_copy(table, unfinished))
    unfinished.replace(path)


def _quarantine_copy(table: Table, path: Path) -> Sql:
    texts = {column: fill("cast(sent.{c} as varchar)", c=name(column)) for column in table.column_names}
    return fill(
        """
        copy (
            select
                {table} as table_name,
                sent.source_file,
                sent.source_row,
                screened.column_name,
                case screened.column_name {values} end as value,
                screened.rule_code,
                {key} as row_key,
                cast(to_json(struct_pack({fields})) as varchar) as record
            from {screened} as screened
            inner join {raw} as sent
                on screened.source_file = sent.source_file and screened.source_row = sent.source_row
            order by sent.source_file, sent.source_row, screened.column_name, screened.rule_code
        ) to {path} (format parquet, compression zstd)
        """,
        table=value(table.name),
        values=join(
            " ", (fill("when {n} then {text}", n=value(column), text=text) for column, text in texts.items())
        ),
        key=join(" || '|' || ", (fill("coalesce({text}, '')", text=texts[column]) for column in table.key)),
        fields=join(
            ", ", (fill("{n} := {text}", n=name(column), text=text) for column, text in texts.items())
        ),
        screened=_SCREENED,
        raw=name("lake_raw", table.name),
        path=value(path),
    )
