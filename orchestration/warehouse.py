"""The private build database around dbt: tonight's views over the lake, and the state that nights carry.

dbt reads tonight's rows from the schemas ``lake`` and ``pipeline``; both are made here, anew for each
night. The state of the night before is left as it was, whatever an earlier attempt at tonight did to it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from contract.model import Table, load_contract
from orchestration.erasure.register import show_erased
from orchestration.ingestion.lake import BatchReport, schema_sql, table_files
from orchestration.publication.catalog import Catalog, read_catalog
from orchestration.rules import tier_fingerprint
from orchestration.settings import BatchId, Settings, private_folder
from orchestration.sql import Sql, fill, join, name, value

_KNOWN_COLUMNS: dict[str, tuple[str, dict[str, str]]] = {
    "customer": (
        "int_customer__versions",
        {
            "customer_id": "customer_id",
            "customer_type": "customer_type_code",
            "cert_type": "cert_type_code",
            "cert_no": "cert_no",
            "status": "status_code",
        },
    ),
    "account": (
        "int_account__versions",
        {
            "account_id": "account_id",
            "customer_id": "customer_id",
            "product_code": "product_code",
            "org_id": "org_id",
            "currency": "currency_code",
            "status": "status_code",
            "open_date": "open_date",
            "close_date": "close_date",
        },
    ),
    "account_owner": (
        "int_account__owner_versions",
        {
            "account_id": "account_id",
            "customer_id": "customer_id",
            "ownership_share": "ownership_share",
        },
    ),
    "assignment": (
        "int_assignment__versions",
        {
            "assignment_id": "assignment_id",
            "customer_id": "customer_id",
            "participation": "participation_share",
            "valid_from": "valid_from_date",
            "valid_to": "valid_to_date",
        },
    ),
    "loan": (
        "int_loan__versions",
        {
            "loan_id": "loan_id",
            "customer_id": "customer_id",
            "product_code": "product_code",
            "org_id": "org_id",
            "currency": "currency_code",
            "start_date": "start_date",
        },
    ),
    "card": (
        "int_card__versions",
        {"card_id": "card_id", "customer_id": "customer_id", "card_kind": "card_kind_code"},
    ),
}
"""Delta tables that others refer to: the model that carries them and its names for the contract's columns."""

_KNOWN_FULL = ("org", "employee", "product")


@dataclass(frozen=True)
class Carried:
    """A table that nights carry on, and how the part after a given night is told.

    Attributes:
        kind: ``versions`` (known_from_date, known_to_date), ``business_date`` and ``state`` (the night that
            wrote the row), ``open_month`` and ``month_end`` (months over by then), ``month_start`` and
            ``month_state`` (months to the night's, of models that read the running one), ``current`` (what
            versions elsewhere say now; made anew if a later night wrote any of it). Of ``state`` and
            ``month_state`` only what a kept night needs stays.
    """

    schema: str
    table: str
    kind: str


def carried_tables(manifest: Mapping[str, Any]) -> list[Carried]:
    """The models of dbt's manifest whose ``config.meta.carried`` says how they carry on."""
    return [
        Carried(node["schema"], node.get("alias") or node["name"], node["config"]["meta"]["carried"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and "carried" in node["config"].get("meta", {})
    ]


@contextmanager
def open_database(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the build database with the bank's limits, closed at the end."""
    private_folder(settings.database.parent)
    # nobody else reads it, and the newest format is written a tenth to a third faster; a file keeps its own
    with duckdb.connect(
        str(settings.database), config={"storage_compatibility_version": "latest"}
    ) as connection:
        connection.execute("set memory_limit = $limit", {"limit": settings.bank.memory_limit})
        connection.execute("set threads = $threads", {"threads": settings.bank.threads})
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set autoinstall_known_extensions = false")
        yield connection


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing of the statements inside."""
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def prepare_night(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    report: BatchReport,
    previous: date | None,
    carried: Iterable[Carried],
) -> None:
    """Set the database back to the previous night and show it tonight's batch.

    Args:
        previous: Business date of the night before; None on the first night.
        carried: Tables to set back, from :func:`carried_tables`.
    """
    batch = BatchId(report.business_date, report.sequence)
    with transaction(connection):
        for schema in ("lake", "lake_raw", "known", "pipeline", "quality"):
            connection.execute(fill("create schema if not exists {schema}", schema=name(schema)))
        # the list of nights done is set back with what they wrote: a run that ends here, killed or blocked,
        # leaves those nights waiting
        set_back(connection, (*carried, Carried("pipeline", "night", "business_date")), previous)
        connection.execute(
            "create or replace table pipeline.tonight as select $date::date as business_date,"
            " $sequence::integer as sequence, $previous::date as previous_business_date,"
            " $is_initial::boolean as is_initial",
            {
                "date": batch.business_date,
                "sequence": batch.sequence,
                "previous": previous,
                "is_initial": report.is_initial,
            },
        )
        connection.execute(
            "create or replace table pipeline.delivered_table (table_name varchar, load_code varchar)"
        )
        show_erased(connection, settings, name("pipeline", "erased_customer"))
        connection.executemany(
            "insert into pipeline.delivered_table values (?, ?)",
            [(table, delivered.load) for table, delivered in report.tables.items()],
        )
    create_lake_views(connection, settings, batch)
    _create_known_views(connection)
    _create_last_release_views(connection, settings, batch)


def create_lake_views(connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId) -> None:
    """Make the ``lake`` views show tonight's rows without those that screening has refused so far."""
    refused_folder = settings.quarantine / batch.folder
    for table in load_contract().tables:
        rows = _typed_rows(table, table_files(settings, table.name, batch))
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
        connection.execute(
            fill(
                "create or replace view {view} as {rows}",
                view=name("lake", table.name),
                rows=accepted
                if screened.exists()
                else fill("select * from {raw}", raw=name("lake_raw", table.name)),
            )
        )
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


def _create_known_views(connection: duckdb.DuckDBPyConnection) -> None:
    """What the bank has told of each thing up to and with tonight; references are checked against it."""
    for table in _KNOWN_FULL:
        connection.execute(
            fill(
                "create or replace view {view} as select * from {rows}",
                view=name("known", table),
                rows=name("lake", table),
            )
        )
    existing = tables(connection)
    for table, (model, columns) in _KNOWN_COLUMNS.items():
        key = load_contract().table(table).key
        tonight = fill(
            "select {columns} from {rows} where op <> 'D'",
            columns=join(", ", map(name, columns)),
            rows=name("lake", table),
        )
        rows = tonight
        if ("intermediate", model) in existing:
            rows = fill(
                "{tonight} union all select {columns} from {model} as carried"
                " anti join {changes} as changes on {same} where carried.known_to_date is null",
                tonight=tonight,
                columns=join(
                    ", ",
                    (
                        fill("carried.{theirs} as {ours}", theirs=name(theirs), ours=name(ours))
                        for ours, theirs in columns.items()
                    ),
                ),
                model=name("intermediate", model),
                changes=name("lake", table),
                same=join(
                    " and ",
                    (
                        fill("carried.{theirs} = changes.{ours}", theirs=name(columns[ours]), ours=name(ours))
                        for ours in key
                    ),
                ),
            )
        connection.execute(
            fill("create or replace view {view} as {rows}", view=name("known", table), rows=rows)
        )


def _create_last_release_views(
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId
) -> None:
    """Show the current release, unless it is of a later night than tonight (a replay)."""
    connection.execute("drop schema if exists last_release cascade")
    connection.execute("create schema last_release")
    current = settings.published / "current"
    if not current.exists() or current.resolve().name.rpartition(".")[0] > str(batch.business_date):
        return
    catalog = read_catalog(current.resolve())
    same_rules = catalog is not None and _judged_alike(catalog, settings)
    for table in sorted((current.resolve() / "parquet" / "customer_value").glob("*")):
        # under other rules every tier may differ, and nothing is wrong
        if not same_rules and "tier" in table.name:
            continue
        connection.execute(
            fill(
                "create view {view} as select * from read_parquet({files}, hive_partitioning = true)",
                view=name("last_release", table.name),
                files=value(table / "**" / "*.parquet"),
            )
        )


def _judged_alike(catalog: Catalog, settings: Settings) -> bool:
    """Whether a release's tiers are by the rules of now."""
    as_of, rulebook = catalog.data_as_of, settings.bank.rulebook
    return as_of.rulebook_code == rulebook and catalog.rules in (
        "",  # a release from before rules were noted
        tier_fingerprint(rulebook, as_of.business_date),
    )


def set_back(
    connection: duckdb.DuckDBPyConnection, carried: Iterable[Carried], previous: date | None
) -> None:
    """Remove what nights after ``previous`` wrote: an earlier attempt, or nights that are run again."""
    existing = tables(connection)
    for table in carried:
        if (table.schema, table.table) in existing:
            _set_back(connection, table, previous)


def _set_back(connection: duckdb.DuckDBPyConnection, table: Carried, previous: date | None) -> None:
    relation = name(table.schema, table.table)
    if previous is None:
        connection.execute(fill("drop table {relation}", relation=relation))
        return
    night = value(previous)
    if table.kind == "current":
        later = fill(
            "select 1 from {relation} where knowledge_date > {night} limit 1", relation=relation, night=night
        )
        if connection.execute(later).fetchone() is not None:
            connection.execute(fill("drop table {relation}", relation=relation))
        return
    statements = {
        "versions": (
            "delete from {relation} where known_from_date > {night}",
            "update {relation} set known_to_date = null where known_to_date > {night}",
        ),
        "business_date": ("delete from {relation} where business_date > {night}",),
        "state": ("delete from {relation} where business_date > {night}",),
        "month_start": ("delete from {relation} where month_start_date > {night}",),
        "month_state": ("delete from {relation} where month_start_date > {night}",),
        "month_end": ("delete from {relation} where month_end_date > {night}",),
        # dbt only adds: what tonight computes again must not keep the rows of last night
        "open_month": ("delete from {relation} where month_start_date >= {month}",),
    }
    # a literal: of an expression DuckDB does not know beforehand which blocks to leave out
    month = value((previous + timedelta(days=1)).replace(day=1))
    for statement in statements[table.kind]:
        connection.execute(fill(statement, relation=relation, night=night, month=month))


def forget_old_state(
    connection: duckdb.DuckDBPyConnection, carried: Iterable[Carried], keep: Collection[date]
) -> None:
    """Drop the state of all nights but some; a replay starts from one that is kept."""
    conditions = {
        # the nights after one go on from its own month
        "state": fill(
            "business_date not in ({nights}) or month_start_date < date_trunc('month', business_date)",
            nights=join(", ", map(value, keep)),
        ),
        "month_state": fill("month_start_date < {month}", month=value(min(keep).replace(day=1))),
    }
    existing = tables(connection)
    for table in carried:
        if table.kind in conditions and (table.schema, table.table) in existing:
            connection.execute(
                fill(
                    "delete from {relation} where {is_old}",
                    relation=name(table.schema, table.table),
                    is_old=conditions[table.kind],
                )
            )


def tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Schema and name of every table."""
    return set(connection.execute("select schema_name, table_name from duckdb_tables()").fetchall())
