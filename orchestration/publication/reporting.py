"""``reporting_zh``: every published table once more as a view, in the words and units of a branch.

Views are called by the tables' Chinese names, columns by theirs; amounts (``_amt``) are in 万元, rounded half
up. All of it follows from the marts' ``zh``, so that a new mart has its view without being listed.
"""

from collections import Counter
from collections.abc import Sequence

import duckdb

from orchestration.publication.catalog import Catalog, CatalogColumn, CatalogTable
from orchestration.sql import Sql, fill, join, label, name, value

REPORTING = "reporting_zh"

_TEN_THOUSAND = "cast(round({column} * cast(0.0001 as decimal(5, 4)), 2) as decimal(18, 2)) as {label}"


def create_views(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Make the schema anew in the database in use; a view's text must not name the database."""
    connection.execute(fill("drop schema if exists {schema} cascade", schema=name(REPORTING)))
    connection.execute(fill("create schema {schema}", schema=name(REPORTING)))
    titles = view_titles(catalog.tables)
    for table in catalog.tables:
        view = Sql(f"{name(REPORTING)}.{label(titles[table.full_name])}")
        connection.execute(
            fill(
                "create view {view} as select {columns} from {table}",
                view=view,
                columns=join(", ", _columns(table, catalog.data_as_of.reporting_currency)),
                table=name(table.schema_name, table.name),
            )
        )
        remark = value(f"{table.full_name} · {table.description}")
        connection.execute(fill("comment on view {view} is {remark}", view=view, remark=remark))


def view_titles(tables: Sequence[CatalogTable]) -> dict[str, str]:
    """Names of the views by table: the Chinese name, or the table's own where that is absent or taken."""
    times = Counter(table.zh for table in tables)
    return {
        table.full_name: table.zh if table.zh and times[table.zh] == 1 else table.name for table in tables
    }


def column_titles(table: CatalogTable, currency: str) -> dict[str, str]:
    """Names of a view's columns by the table's; one that occurs twice is followed by the table's own."""
    unit = "万元" if currency == "CNY" else f"万{currency}"
    times = Counter(column.zh for column in table.columns)
    titles = {}
    for column in table.columns:
        title = column.zh or column.name
        if column.zh and times[column.zh] > 1:
            title = f"{column.zh}（{column.name}）"
        titles[column.name] = f"{title}（{unit}）" if _is_amount(column) else title
    return titles


def _columns(table: CatalogTable, currency: str) -> list[Sql]:
    titles = column_titles(table, currency)
    return [
        fill(
            _TEN_THOUSAND if _is_amount(column) else "{column} as {label}",
            column=name(column.name),
            label=label(titles[column.name]),
        )
        for column in table.columns
    ]


def _is_amount(column: CatalogColumn) -> bool:
    return column.name.endswith("_amt") and column.data_type.startswith("DECIMAL")
