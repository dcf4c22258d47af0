"""Which rows of a table a manager sees in his cut, by the table's columns and what it says of cuts."""

import duckdb

from orchestration.publication.cut import _by_manager
from orchestration.releases.catalog import CatalogColumn, CatalogTable
from orchestration.sql import fill, name

DISPUTES = [
    # who claims, who was credited, whose customer
    ("HIS CUSTOMER", "E2", "E9", "MINE"),
    ("HE CLAIMS", "ME", "E2", "OTHERS"),
    ("HE WAS CREDITED", "E2", "ME", "OTHERS"),
    ("TRADE NOT KNOWN", "ME", "E2", None),
    ("OF OTHERS", "E2", "E3", "OTHERS"),
    ("OF OTHERS, NOT KNOWN", "E2", "E3", None),
]


def seen(cut: str | None) -> list[str]:
    columns = ("registration_id", "employee_id", "credited_employee_id", "customer_id")
    table = CatalogTable(
        schema_name="sales", name="rpt_sales_dispute", description="", zh="", grain=("registration_id",),
        partition=None, row_cnt=0, files=(), cut=cut,
        columns=tuple(CatalogColumn(name=one, data_type="VARCHAR", description="", zh="") for one in columns),
    )  # fmt: skip
    with duckdb.connect() as connection:
        for statement in (
            "create table whole_customer as select 'MINE' as customer_id",
            "create table part_customer as select 'MINE' as customer_id",
            "create table seen_employee as select 'ME' as employee_id",
            "create schema sales",
            f"create table sales.rpt_sales_dispute ({', '.join(f'{one} varchar' for one in columns)})",
        ):
            connection.execute(statement)
        connection.executemany("insert into sales.rpt_sales_dispute values (?, ?, ?, ?)", DISPUTES)
        condition = _by_manager(table)
        assert condition is not None
        found = connection.execute(
            fill(
                "select registration_id from {table} where {condition} order by registration_id",
                table=name("sales", "rpt_sales_dispute"),
                condition=condition,
            )
        )
        return [row[0] for row in found.fetchall()]


def test_who_claims_a_sale_sees_his_claim_whoever_looks_after_the_customer() -> None:
    assert seen("employee") == ["HE CLAIMS", "HE WAS CREDITED", "HIS CUSTOMER", "TRADE NOT KNOWN"]
    assert seen(None) == ["HIS CUSTOMER"]
