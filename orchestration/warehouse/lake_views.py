"""The schemas ``lake`` and ``lake_raw``: tonight's batch as dbt and the gates read it."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from contract.model import Table, load_contract
from orchestration.ingestion.lake import schema_sql, table_files
from orchestration.settings import BatchId, Settings
from orchestration.sql import Sql, fill, join, name, value


def create_lake_views(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    batch: BatchId,
    only: Mapping[str, Sql] | None = None,
    more: Mapping[str, Sql] | None = None,
) -> None:
    """Make the ``lake`` views show tonight's rows without those that screening has refused so far.

    Args:
        only: Tables whose rows are shown, and which of them; all rows of all tables if it is not given.
        more: Relations with rows to show besides, by table.
    """
    refused_folder = settings.quarantine / batch.folder
    shown = [load_contract().table(table) for table in only] if only else load_contract().tables
    for table in shown:
        rows = _typed_rows(table, table_files(settings, table.name, batch))
        if only:
            rows = fill("select * from ({rows}) where {condition}", rows=rows, condition=only[table.name])
        connection.execute(
            fill("create or replace view {view} as {rows}", view=name("lake_raw", table.name), rows=rows)
        )
        screened = refused_folder / f"{table.name}.screened.parquet"
        accepted = fill(
            "select sent.* from {raw} as sent anti join read_parquet({path}) as refused"
            " on sent.source_file = refused.source_file and sent.source_row = refused.source_row",
            raw=name("lake_raw", table.name),
            path=value(screened),
        )
        shown_rows = accepted if screened.exists() else fill("from {raw}", raw=name("lake_raw", table.name))
        if more and table.name in more:
            shown_rows = fill("{rows} union all by name from {more}", rows=shown_rows, more=more[table.name])
        connection.execute(
            fill("create or replace view {view} as {rows}", view=name("lake", table.name), rows=shown_rows)
        )
    if only:
        return
    connection.execute(
        fill(
            "create or replace view pipeline.rejected_row as {rows}",
            rows=_refused_rows(sorted(refused_folder.glob("*.parquet"))),
        )
    )


def _typed_rows(table: Table, files: list[Path]) -> Sql:
    if files:
        # written before the contract had the column
        written = pq.read_schema(files[0]).names
        later = (
            fill(", cast(null as {type}) as {column}", type=Sql(data_type), column=name(column))
            for column, data_type in schema_sql(table)
            if column not in written
        )
        return fill(
            "select *{later} from read_parquet([{files}], hive_partitioning = false)",
            later=join("", later),
            files=join(", ", map(value, files)),
        )
    empty = (
        fill("cast(null as {type}) as {column}", type=Sql(data_type), column=name(column))
        for column, data_type in schema_sql(table)
    )
    return fill("select {columns} where false", columns=join(", ", empty))


def _refused_rows(files: list[Path]) -> Sql:
    columns = ("table_name", "row_key", "rule_code", "column_name", "source_file", "source_row")
    if files:
        return fill(
            "select {columns} from read_parquet([{files}])",
            columns=join(", ", map(name, columns)),
            files=join(", ", map(value, files)),
        )
    types = ("varchar",) * 5 + ("bigint",)
    empty = (
        fill("cast(null as {type}) as {column}", type=Sql(data_type), column=name(column))
        for column, data_type in zip(columns, types, strict=True)
    )
    return fill("select {columns} where false", columns=join(", ", empty))
