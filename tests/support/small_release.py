"""A published release of a few rows: tables with the agreed columns, rules from the seeds, no night."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.releases.catalog import (
    BatchRow,
    Catalog,
    CatalogColumn,
    CatalogFile,
    CatalogTable,
    DataAsOf,
    parquet_path,
)
from orchestration.releases.files import sha256
from orchestration.releases.on_disk import DATABASE_FILE, switch
from orchestration.settings import PROJECT, Settings

NIGHT = date(2026, 1, 30)

Row = Mapping[str, Any]

AGREED: dict[str, dict[str, Any]] = json.loads(
    (PROJECT / "contract" / "published.json").read_text(encoding="utf-8")
)["tables"]
_WRITTEN = {"monitoring", "workbench", "corporate", "customer_value", "contribution", "customer", "reference"}
_FILLERS = {"varchar": "-", "bigint": 0, "integer": 0, "boolean": False}


def publish(
    settings: Settings, tables: Mapping[str, Iterable[Row]], night: date = NIGHT, *, number: int = 1
) -> Path:
    """Publish a release and make it the current one; returns its folder.

    Args:
        tables: Rows by table; a column that a row leaves out is null. All other tables are empty.
    """
    folder = settings.published / f"{night}.{number}"
    folder.mkdir(parents=True)
    made = []
    with duckdb.connect(str(folder / DATABASE_FILE)) as database:
        for full_name, agreed in AGREED.items():
            schema = full_name.split(".")[0]
            columns = {name: column["data_type"] for name, column in agreed["columns"].items()}
            if schema == "rules":
                database.execute(f"create schema if not exists {schema}")
                _copy_seed(database, full_name, columns)
            elif schema in _WRITTEN:
                database.execute(f"create schema if not exists {schema}")
                listed = ", ".join(f'"{name}" {data_type}' for name, data_type in columns.items())
                database.execute(f"create table {full_name} ({listed})")
                for row in tables.get(full_name, ()):
                    _insert(database, full_name, columns, row)
                if schema == "workbench":
                    made.append(_written(database, folder, full_name, agreed, columns))
        database.execute("create schema quality")
        database.execute(
            "create table quality.data_as_of as select $release as release, $night::date as business_date,"
            " 1 as sequence, 'documents' as rulebook_code, 'CNY' as reporting_currency",
            {"release": folder.name, "night": night},
        )
    Catalog(
        release=folder.name,
        publication=sum(1 for other in settings.published.iterdir() if other.is_dir()),
        schema_version=5,
        written_by="test",
        data_as_of=DataAsOf(
            business_date=night, sequence=1, rulebook_code="documents", reporting_currency="CNY"
        ),
        batches=(BatchRow(business_date=night, sequence=1),),
        tables=tuple(made),
    ).write(folder)
    switch(settings, folder.name)
    return folder


def filled(table: str, **values: Any) -> dict[str, Any]:
    """A row of a table: what is named, and something in every other column that is no date or amount."""
    columns = AGREED[table]["columns"]
    unknown = set(values) - set(columns)
    assert not unknown, f"{table} has no {unknown}"
    fillers = {name: _FILLERS.get(column["data_type"]) for name, column in columns.items()}
    zeros = {name: 0 for name, column in columns.items() if column["data_type"].startswith("decimal")}
    return fillers | zeros | values


def _copy_seed(database: duckdb.DuckDBPyConnection, full_name: str, columns: Mapping[str, str]) -> None:
    seed = PROJECT / "seeds" / "rules" / f"{full_name.split('.')[1]}.csv"
    if seed.is_file():
        casts = ", ".join(f'cast("{name}" as {data_type}) as "{name}"' for name, data_type in columns.items())
        database.execute(
            f"create table {full_name} as select {casts} from read_csv($path, all_varchar = true)",
            {"path": str(seed)},
        )


def _insert(
    database: duckdb.DuckDBPyConnection, full_name: str, columns: Mapping[str, str], row: Row
) -> None:
    unknown = set(row) - set(columns)
    assert not unknown, f"{full_name} has no {unknown}"
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" for _ in row)
    database.execute(f"insert into {full_name} ({names}) values ({marks})", list(row.values()))


def _written(
    database: duckdb.DuckDBPyConnection,
    folder: Path,
    full_name: str,
    agreed: Mapping[str, Any],
    columns: Mapping[str, str],
) -> CatalogTable:
    schema, name = full_name.split(".")
    (row_cnt,) = database.execute(f"select count(*) from {full_name}").fetchone() or (0,)
    table = CatalogTable(
        schema_name=schema,
        name=name,
        description=name,
        zh=name,
        grain=tuple(agreed["grain"]),
        partition=None,
        columns=tuple(
            CatalogColumn(name=column, data_type=data_type, description=column, zh=column)
            for column, data_type in columns.items()
        ),
        row_cnt=row_cnt,
        files=(),
    )
    path = parquet_path(table, None)
    (folder / path).parent.mkdir(parents=True)
    database.execute(f"copy {full_name} to '{folder / path}' (format parquet)")
    file = CatalogFile(
        path=str(path),
        month_start_date=None,
        row_cnt=row_cnt,
        byte_cnt=(folder / path).stat().st_size,
        sha256=sha256(folder / path),
    )
    return table.model_copy(update={"files": (file,)})
