"""``reporting_zh`` shows names and Chinese values, and leaves what nobody has named."""

from datetime import date
from decimal import Decimal

import duckdb

from orchestration.publication.reporting import create_views
from orchestration.releases.catalog import Catalog, CatalogColumn, CatalogTable, DataAsOf


def table(schema: str, name: str, zh: str, *columns: tuple[str, str]) -> CatalogTable:
    """A table of text columns, keyed by the first; amounts are decimals."""
    return CatalogTable(
        schema_name=schema, name=name, description="", zh=zh, grain=(columns[0][0],), partition=None,
        row_cnt=0, files=(),
        columns=tuple(
            CatalogColumn(
                name=column, description="", zh=column_zh,
                data_type="DECIMAL(18,2)" if column.endswith("_amt") else "VARCHAR",
                is_own_currency=column == "paid_ccy_amt",
            )
            for column, column_zh in columns
        ),
    )  # fmt: skip


CODES = table(
    "reference", "dim_code", "代码表", ("code_kind", "代码种类"), ("code", "代码"), ("code_name_zh", "名称")
)
ORGS = table(
    "reference",
    "dim_org",
    "机构",
    ("org_id", "机构号"),
    ("org_name", "机构名称"),
    ("parent_org_id", "上级机构号"),
)
STAFF = table("reference", "dim_employee", "员工", ("employee_id", "员工号"), ("employee_name", "员工姓名"))
PRODUCTS = table(
    "reference", "dim_product", "产品", ("product_code", "产品代码"), ("product_name", "产品名称")
)
FACTS = table(
    "customer",
    "fct",
    "客户",
    ("customer_id", "客户号"),
    ("lost_tier_code", "流失等级"),
    ("tier_code", "客户等级"),
    ("sales_product_code", "销售产品"),
    ("colour_code", "颜色"),
    ("owning_org_id", "归属机构"),
    ("employee_id", "客户经理"),
    ("product_code", "产品代码"),
    ("aum_amt", "资产"),
)


def published(*tables: CatalogTable) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for each in tables:
        connection.execute(f"create schema if not exists {each.schema_name}")
        columns = ", ".join(f"{column.name} {column.data_type}" for column in each.columns)
        connection.execute(f"create table {each.full_name} ({columns})")
    return connection


def show(connection: duckdb.DuckDBPyConnection, *tables: CatalogTable) -> None:
    as_of = DataAsOf(
        business_date=date(2026, 1, 31), sequence=1, rulebook_code="documents", reporting_currency="CNY"
    )
    create_views(
        connection,
        Catalog(
            release="r",
            publication=1,
            schema_version=5,
            written_by="",
            data_as_of=as_of,
            batches=(),
            tables=tables,
        ),
    )


def rows(connection: duckdb.DuckDBPyConnection, view: str) -> list[dict[str, object]]:
    cursor = connection.execute(f"select * from reporting_zh.{view} order by 1")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_codes_are_shown_in_words_and_names_stand_beside_their_numbers() -> None:
    tables = (CODES, ORGS, STAFF, PRODUCTS, FACTS)
    connection = published(*tables)
    connection.execute(
        """
        insert into reference.dim_code values
            ('tier_code', 'gold', '金级'), ('tier_code', 'it''s', '引号'),
            ('sales_product_code', 'fund', '基金');
        insert into reference.dim_org values ('O1', '总行', null), ('O2', '支行', 'O1');
        insert into reference.dim_employee values ('E1', '张三');
        insert into reference.dim_product values ('P1', '一号基金');
        insert into customer.fct values
            ('C1', 'gold', 'it''s', 'fund', 'gold', 'O2', 'E1', 'P1', 12345),
            ('C2', null, 'unheard of', null, null, 'O9', null, 'P9', null);
        """
    )
    show(connection, *tables)

    first, second = rows(connection, "客户")
    assert first == {
        "客户号": "C1", "流失等级": "金级", "客户等级": "引号", "销售产品": "基金",
        # nobody has named colours: the code is left as it is
        "颜色": "gold",
        "归属机构": "O2", "归属机构名称": "支行", "客户经理": "E1", "客户经理姓名": "张三",
        "产品代码": "P1", "产品名称": "一号基金",
        "资产（元）": Decimal("12345.00"), "资产（万元）": Decimal("1.2345"),
    }  # fmt: skip
    assert (second["流失等级"], second["客户等级"]) == (None, "unheard of")
    assert (second["归属机构"], second["归属机构名称"], second["客户经理姓名"]) == ("O9", None, None)
    # a dimension shows its own name once, and that of the org above it
    assert rows(connection, "机构")[1] == {
        "机构号": "O2", "机构名称": "支行", "上级机构号": "O1", "上级机构名称": "总行",
    }  # fmt: skip


def test_amounts_in_ten_thousands_lose_no_cent_and_add() -> None:
    amounts = table("s", "t", "金额表", ("paid_amt", "金额"), ("paid_ccy_amt", "交易金额"))
    connection = published(amounts)
    connection.execute(
        "insert into s.t values (0.01, 7), (49.99, null), (-9999999999999999.99, 1), (9999999999999999.99, 1)"
    )
    show(connection, amounts)

    shown = rows(connection, "金额表")
    assert shown[2] == {
        "金额（元）": Decimal("49.99"), "金额（万元）": Decimal("0.004999"), "交易金额（原币）": None,
    }  # fmt: skip
    assert [row["金额（万元）"] for row in shown[::3]] == [
        Decimal("-999999999999.999999"), Decimal("999999999999.999999"),
    ]  # fmt: skip
    (total,) = connection.execute('select sum("金额（万元）") from reporting_zh.金额表').fetchone() or (None,)
    assert total == Decimal("0.005000")


def test_a_release_without_dimensions_shows_codes() -> None:
    connection = published(FACTS)
    connection.execute(
        "insert into customer.fct values ('C1', 'gold', 'gold', 'fund', null, 'O1', 'E1', 'P1', 1)"
    )
    show(connection, FACTS)

    (row,) = rows(connection, "客户")
    assert (row["客户等级"], row["归属机构"]) == ("gold", "O1")
    assert "归属机构名称" not in row


def test_what_codes_are_called_follows_the_table_of_codes() -> None:
    tables = (CODES, FACTS)
    connection = published(*tables)
    connection.execute("insert into customer.fct (customer_id, tier_code) values ('C1', 'gold')")
    show(connection, *tables)
    assert rows(connection, "客户")[0]["客户等级"] == "gold"

    connection.execute("insert into reference.dim_code values ('tier_code', 'gold', '黄金级')")
    show(connection, *tables)
    assert rows(connection, "客户")[0]["客户等级"] == "黄金级"
