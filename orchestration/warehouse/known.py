"""The schema ``known``: what the bank has told of each thing up to and with tonight."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from contract.model import Table, load_contract
from orchestration.project import column_meta, model_meta, models
from orchestration.sql import Sql, fill, join, name, value
from orchestration.warehouse.database import tables


@dataclass(frozen=True)
class KnownTable:
    """An extract table whose versions a model carries.

    Attributes:
        table: Name in the extract contract.
        model: Relation that carries its versions.
        names: The model's name of each contract column.
    """

    table: str
    model: tuple[str, str]
    names: Mapping[str, str]


def known_tables(manifest: Mapping[str, Any]) -> list[KnownTable]:
    """The extract tables that dbt's models keep versions of, by way of their staging models."""
    found = []
    for key, staged in manifest["nodes"].items():
        if key.split(".")[0] != "model" or not staged["original_file_path"].startswith("models/staging/"):
            continue
        tables = [source.split(".") for source in staged["depends_on"]["nodes"]]
        versions = [
            node
            for node in models(manifest)
            if model_meta(node).carried == "versions" and key in _reads(node, manifest)
        ]
        if versions:
            names = {
                column_meta(column).source_column or name: name for name, column in staged["columns"].items()
            }
            found.append(KnownTable(tables[0][-1], (versions[0]["schema"], versions[0]["name"]), names))
    return found


def _reads(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> set[str]:
    """What a model reads, and what the views that it reads are made of."""
    read = set(node["depends_on"]["nodes"])
    for key in node["depends_on"]["nodes"]:
        between = manifest["nodes"].get(key, {})
        is_view = between.get("config", {}).get("materialized") == "view"
        if is_view and not between["original_file_path"].startswith("models/staging/"):
            read |= _reads(between, manifest)
    return read


def create_known_views(
    connection: duckdb.DuckDBPyConnection, previous: date | None, known: Iterable[KnownTable]
) -> None:
    """What the bank has told of each thing up to and with tonight; references are checked against it."""
    carried = {table.table: table for table in known} if previous is not None else {}
    existing = tables(connection)
    for table in load_contract().tables:
        if table.kind == "E":
            continue
        tonight = fill("select * from {rows}", rows=name("lake", table.name))
        versions = carried.get(table.name)
        if table.kind == "D":
            tonight = fill("{tonight} where op <> 'D'", tonight=tonight)
        if table.kind == "D" and versions is not None and versions.model in existing and previous is not None:
            tonight = _known_versions(connection, table, versions, tonight, previous)
        connection.execute(
            fill("create or replace view {view} as {rows}", view=name("known", table.name), rows=tonight)
        )
    connection.execute(
        fill("create or replace view known.rate as {rows}", rows=_known_rates(existing, previous))
    )


def _known_versions(
    connection: duckdb.DuckDBPyConnection, table: Table, versions: KnownTable, tonight: Sql, previous: date
) -> Sql:
    """Tonight's rows, and what the night before knew of all other keys; of later nights nothing."""
    kept = {
        row[0]
        for row in connection.execute(
            "select column_name from duckdb_columns() where schema_name = ? and table_name = ?",
            versions.model,
        ).fetchall()
    }
    names = {ours: theirs for ours, theirs in versions.names.items() if theirs in kept}
    return fill(
        "select {columns} from ({tonight}) union all select {carried} from {model} as carried"
        " anti join {changes} as changes on {same}"
        " where carried.known_from_date <= {night}"
        " and (carried.known_to_date is null or carried.known_to_date > {night})",
        columns=join(", ", map(name, names)),
        tonight=tonight,
        carried=join(
            ", ",
            (
                fill("carried.{theirs} as {ours}", theirs=name(theirs), ours=name(ours))
                for ours, theirs in names.items()
            ),
        ),
        model=name(*versions.model),
        changes=name("lake", table.name),
        same=join(
            " and ",
            (
                fill("carried.{theirs} = changes.{ours}", theirs=name(names[key]), ours=name(key))
                for key in table.key
            ),
        ),
        night=value(previous),
    )


def _known_rates(existing: Collection[tuple[str, str]], previous: date | None) -> Sql:
    """Tonight's exchange rates, and those that the night before had last."""
    tonight = Sql("select currency, rate_date, mid_rate, true as is_tonight from lake.fx_rate")
    if previous is None or ("intermediate", "int_fx__rate_by_day") not in existing:
        return tonight
    return fill(
        """
        {tonight} union all
        select currency_code, rate_date, mid_rate, false
        from intermediate.int_fx__rate_by_day
        where rate_date is not null and calendar_date = {night} and business_date = {night}
        """,
        tonight=tonight,
        night=value(previous),
    )
