"""``reporting_zh``: every published table once more as a view, in the words and units of a branch.

Views are called by the tables' Chinese names, columns by theirs. Amounts (``_amt``) stand in 元 and
beside it in 万元, with so many decimals that nothing is rounded and columns add; those in the currency of
their trade or account stand in that alone. Codes are shown by their Chinese names of ``reference.dim_code``;
beside the number of an org, employee or product stands its name. All of it follows from the marts' ``zh`` and
the dimensions, so that a new mart has its view without being listed.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from orchestration.releases.catalog import Catalog, CatalogColumn, CatalogTable
from orchestration.sql import Sql, fill, join, label, name, value

REPORTING = "reporting_zh"

CODES = "reference.dim_code"

_NAMES = (
    ("reference.dim_org", "org_name", "名称"),
    ("reference.dim_employee", "employee_name", "姓名"),
    ("reference.dim_product", "product_name", "名称"),
)
"""Dimensions whose names are shown beside their keys: the table, its name, and how the column is called."""

_NUMBER = ("号", "代码")
"""Endings of the Chinese names of keys, which names go without."""

_TEN_THOUSAND = "cast(shown.{column} * cast(0.0001 as decimal(5, 4)) as {type}) as {label}"

_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)")


@dataclass(frozen=True)
class Dimension:
    """A table of names.

    Attributes:
        key: What a column is called, or ends in, that holds its keys.
        zh: What follows the Chinese name of such a column in that of the name.
    """

    full_name: str
    key: str
    name: str
    zh: str


@dataclass(frozen=True)
class Words:
    """What codes and keys are called.

    Attributes:
        codes: Chinese names by kind and code.
    """

    codes: Mapping[str, Mapping[str, str]]
    dimensions: Sequence[Dimension]


def create_views(connection: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
    """Make the schema anew in the database in use; a view's text must not name the database."""
    connection.execute(fill("drop schema if exists {schema} cascade", schema=name(REPORTING)))
    connection.execute(fill("create schema {schema}", schema=name(REPORTING)))
    titles = view_titles(catalog.tables)
    words = words_of(connection, catalog.tables)
    for table in catalog.tables:
        view = Sql(f"{name(REPORTING)}.{label(titles[table.full_name])}")
        connection.execute(
            fill(
                "create view {view} as select {columns} from {table} as shown",
                view=view,
                columns=join(", ", _columns(table, catalog.data_as_of.reporting_currency, words)),
                table=name(table.schema_name, table.name),
            )
        )
        remark = value(f"{table.full_name} · {table.description}")
        connection.execute(fill("comment on view {view} is {remark}", view=view, remark=remark))


def words_of(connection: duckdb.DuckDBPyConnection, tables: Sequence[CatalogTable]) -> Words:
    """Names of codes in the database in use, and those of its tables that have names of keys."""
    published = {table.full_name: table for table in tables}
    codes: dict[str, dict[str, str]] = {}
    if CODES in published:
        rows = connection.execute(
            fill(
                "select code_kind, code, code_name_zh from {codes} order by code_kind, code",
                codes=name(*CODES.split(".")),
            )
        ).fetchall()
        for kind, code, zh in rows:
            codes.setdefault(kind, {})[code] = zh
    return Words(
        codes,
        [
            Dimension(full_name, published[full_name].grain[0], named, zh)
            for full_name, named, zh in _NAMES
            if full_name in published
        ],
    )


def kind_of(column: str, kinds: Collection[str]) -> str | None:
    """The longest kind of codes that the column's name is or ends in."""
    fitting = [kind for kind in kinds if column == kind or column.endswith(f"_{kind}")]
    return max(fitting, key=len, default=None)


def view_titles(tables: Sequence[CatalogTable]) -> dict[str, str]:
    """Names of the views by table: the Chinese name, or the table's own where that is absent or taken."""
    times = Counter(table.zh for table in tables)
    return {
        table.full_name: table.zh if table.zh and times[table.zh] == 1 else table.name for table in tables
    }


def column_titles(table: CatalogTable, currency: str) -> dict[str, str]:
    """Names of a view's columns by the table's; one that occurs twice is followed by the table's own.

    An amount's is that in units of the currency; ``ten_thousands`` has those of the columns beside them.
    """
    unit = "元" if currency == "CNY" else currency
    times = Counter(column.zh for column in table.columns)
    titles = {}
    for column in table.columns:
        title = column.zh or column.name
        if column.zh and times[column.zh] > 1:
            title = f"{column.zh}（{column.name}）"
        if _is_amount(column):
            title = f"{title}（{'原币' if column.is_own_currency else unit}）"
        titles[column.name] = title
    return titles


def ten_thousands(table: CatalogTable, currency: str) -> dict[str, str]:
    """Names of the columns in ten thousands of the reporting currency, by the table's column."""
    unit = "元" if currency == "CNY" else currency
    return {
        column.name: f"{title.removesuffix(f'（{unit}）')}（万{unit}）"
        for column, title in zip(table.columns, column_titles(table, currency).values(), strict=True)
        if _is_amount(column) and not column.is_own_currency
    }


def name_titles(table: CatalogTable, currency: str, words: Words) -> dict[str, tuple[str, Dimension]]:
    """Titles of the names that a view shows beside keys, by the table's columns; none where there is one."""
    titles = column_titles(table, currency)
    taken = set(titles.values())
    found: dict[str, tuple[str, Dimension]] = {}
    for column in table.columns:
        dimension = _dimension_of(table, column, words)
        if dimension is None:
            continue
        title = titles[column.name]
        for ending in _NUMBER:
            title = title.removesuffix(ending)
        title += dimension.zh
        if title not in taken:
            taken.add(title)
            found[column.name] = (title, dimension)
    return found


def _columns(table: CatalogTable, currency: str, words: Words) -> list[Sql]:
    titles = column_titles(table, currency)
    names = name_titles(table, currency, words)
    in_ten_thousands = ten_thousands(table, currency)
    columns = []
    for column in table.columns:
        columns.append(
            fill("{column} as {label}", column=_in_words(column, words), label=label(titles[column.name]))
        )
        if column.name in in_ten_thousands:
            columns.append(
                fill(
                    _TEN_THOUSAND,
                    column=name(column.name),
                    type=_four_decimals_more(column.data_type),
                    label=label(in_ten_thousands[column.name]),
                )
            )
        if column.name in names:
            title, dimension = names[column.name]
            columns.append(
                fill(
                    "(select named.{name} from {dimension} as named where named.{key} = shown.{column})"
                    " as {label}",
                    name=name(dimension.name),
                    dimension=name(*dimension.full_name.split(".")),
                    key=name(dimension.key),
                    column=name(column.name),
                    label=label(title),
                )
            )
    return columns


def _in_words(column: CatalogColumn, words: Words) -> Sql:
    """The column, or for codes their names; what has none stays."""
    shown = fill("shown.{column}", column=name(column.name))
    kind = _kind(column, words)
    if kind is None:
        return shown
    names = words.codes[kind]
    cases = (fill("when {code} then {zh}", code=value(code), zh=value(names[code])) for code in names)
    return fill("case {column} {cases} else {column} end", column=shown, cases=join(" ", cases))


def _kind(column: CatalogColumn, words: Words) -> str | None:
    if column.data_type.upper() != "VARCHAR" or not column.name.endswith("_code"):
        return None
    return kind_of(column.name, words.codes)


def _dimension_of(table: CatalogTable, column: CatalogColumn, words: Words) -> Dimension | None:
    if column.data_type.upper() != "VARCHAR" or _kind(column, words) is not None:
        return None
    for dimension in words.dimensions:
        is_own = table.full_name == dimension.full_name and column.name == dimension.key
        if not is_own and kind_of(column.name, [dimension.key]) is not None:
            return dimension
    return None


def _is_amount(column: CatalogColumn) -> bool:
    return column.name.endswith("_amt") and _DECIMAL.fullmatch(column.data_type) is not None


def _four_decimals_more(data_type: str) -> Sql:
    """The type of a ten-thousandth: the same digits, the point four places to the left."""
    found = _DECIMAL.fullmatch(data_type)
    if found is None:
        raise ValueError(f"{data_type} is no type of amounts")
    return Sql(f"decimal({found[1]}, {int(found[2]) + 4})")
