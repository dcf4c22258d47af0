"""Every published table has a view with Chinese names and values, and amounts in 元 and 万元."""

from collections.abc import Mapping

import duckdb
import pytest

from orchestration.publication.reporting import (
    REPORTING,
    column_titles,
    kind_of,
    ten_thousands,
    view_titles,
    words_of,
)
from orchestration.releases.catalog import CatalogColumn, CatalogTable, read_catalog
from orchestration.sql import label
from tests.support.warehouse import Warehouse


def test_every_table_has_its_view_with_codes_in_words_and_amounts_in_ten_thousands(town: Warehouse):
    catalog = read_catalog(town.current.resolve())
    titles = view_titles(catalog.tables)
    with town.reader() as connection:
        views = connection.execute(
            "select view_name from duckdb_views() where schema_name = ? order by 1", [REPORTING]
        ).fetchall()
        codes = words_of(connection, catalog.tables).codes
        for table in catalog.tables:
            columns, wan = column_titles(table, "CNY"), ten_thousands(table, "CNY")
            rows = connection.execute(f"select * from {table.full_name} order by all limit 200").fetchall()
            shown = connection.execute(
                f"select {', '.join(map(label, (*columns.values(), *wan.values())))}"
                f' from {REPORTING}."{titles[table.full_name]}"'
            ).fetchall()
            expected = [
                (
                    *(in_words(column, content, codes)
                      for column, content in zip(table.columns, row, strict=True)),
                    *(None if content is None else content / 10_000
                      for column, content in zip(table.columns, row, strict=True) if column.name in wan),
                )
                for row in rows
            ]  # fmt: skip
            assert set(expected) <= set(shown)

    assert sorted(view for (view,) in views) == sorted(titles.values())
    assert not [title for title in titles.values() if title.isascii()], "give it a zh that no other table has"
    in_english = [
        f"{table.full_name}.{name}"
        for table in catalog.tables
        for name, title in column_titles(table, "CNY").items()
        if title.isascii()
    ]
    assert not in_english, "give it a zh"


def in_words(column: CatalogColumn, content: object, codes: Mapping[str, Mapping[str, str]]) -> object:
    if not isinstance(content, str) or not column.name.endswith("_code"):
        return content
    return codes.get(kind_of(column.name, codes) or "", {}).get(content, content)


def test_a_branch_manager_reads_it_in_his_own_words(town: Warehouse):
    rows = town.query(
        'select 客户等级, count(*) as 客户数, sum("考核资产（万元）") as 考核资产'
        " from reporting_zh.客户等级 where 月份 = (select max(月份) from reporting_zh.客户等级)"
        " group by 客户等级"
    )

    assert sum(row["客户数"] for row in rows) > 100
    assert not [row["客户等级"] for row in rows if row["客户等级"].isascii()]
    orgs = town.query(
        "select distinct shown.客户归属机构名称, orgs.org_name"
        " from reporting_zh.客户等级 as shown"
        " inner join reference.dim_org as orgs on shown.客户归属机构 = orgs.org_id"
    )
    assert orgs
    assert [row for row in orgs if row["客户归属机构名称"] != row["org_name"]] == []


def test_views_work_under_any_name_the_database_is_attached_by(town: Warehouse):
    with duckdb.connect() as connection:
        connection.execute(f"attach '{town.current.resolve()}/acrm.duckdb' as elsewhere (read_only)")
        assert connection.execute("select 业务日期 from elsewhere.reporting_zh.数据截止").fetchone()


def column(name: str, zh: str, data_type: str = "VARCHAR") -> CatalogColumn:
    return CatalogColumn(name=name, data_type=data_type, description="", zh=zh)


def table(name: str, zh: str, *columns: CatalogColumn) -> CatalogTable:
    return CatalogTable(
        schema_name="s", name=name, description="", zh=zh, grain=("a",), partition=None,
        columns=columns, row_cnt=0, files=(),
    )  # fmt: skip


def test_names_that_are_absent_or_taken_are_told_apart():
    made = table(
        "t",
        "",
        column("a", "机构"),
        column("b", "机构"),
        column("c", ""),
        column("d_amt", "余额", "DECIMAL(18,2)"),
    )

    assert view_titles([made, table("u", "表"), table("v", "表")]) == {"s.t": "t", "s.u": "u", "s.v": "v"}
    assert list(column_titles(made, "CZK").values()) == ["机构（a）", "机构（b）", "c", "余额（CZK）"]
    assert ten_thousands(made, "CZK") == {"d_amt": "余额（万CZK）"}


@pytest.mark.parametrize("text", ['a"b', "a;b", "", "a\nb", "a'b"])
def test_a_label_cannot_end_its_quotes(text: str):
    with pytest.raises(ValueError, match="not a label"):
        label(text)
