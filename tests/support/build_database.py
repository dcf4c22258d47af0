"""A small build database, written by hand, for tests of what is published from it."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publication import Mart, MartColumn, Publication, publish
from orchestration.releases.on_disk import DATABASE_FILE
from orchestration.settings import Bank, BatchId, Settings

AUM = Mart(
    schema_name="customer_value",
    name="fct_customer_aum_monthly",
    grain=("customer_id", "month_start_date"),
    partition="month_start_date",
    description="One row per customer and month: what it's worth.",
    zh="客户月资产",
    columns=(
        MartColumn(name="customer_id", data_type="varchar", description="Customer.", zh="客户号"),
        MartColumn(
            name="month_start_date", data_type="date", description="First day of the month.", zh="月份"
        ),
        MartColumn(
            name="aum_end_amt", data_type="decimal(18,2)", description="AUM at the end.", zh="时点资产"
        ),
        MartColumn(name="is_provisional", data_type="boolean"),
    ),
)
PRODUCT = Mart(
    schema_name="customer_value",
    name="dim_product",
    grain=("product_code",),
    columns=(MartColumn(name="product_code"), MartColumn(name="product_name")),
)
MARTS = [AUM, PRODUCT]

SECRET = "Ms Private 13800138000"
JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)

Amounts = Mapping[date, Mapping[str, str]]
Rows = list[tuple[Any, ...]]


def warehouse(home: Path, **bank: Any) -> Settings:
    """Settings of a warehouse in a folder, with a small DuckDB."""
    return Settings(home, Bank(**{"memory_limit": "1GB", **bank}))


def night(day: date, sequence: int = 1) -> BatchId:
    """The batch of a day."""
    return BatchId(day, sequence)


def build(
    settings: Settings, batch: BatchId, amounts: Amounts, products: Sequence[str] = ("deposit",)
) -> None:
    """Write the build database anew, as dbt and the gates leave it."""
    settings.database.unlink(missing_ok=True)
    settings.database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute(
            f"""
            create schema staging;
            create table staging.stg_customer as select '{SECRET}' as full_name;
            create schema customer_value;
            create table customer_value.fct_customer_aum_monthly
                (customer_id varchar, month_start_date date, aum_end_amt decimal(18, 2),
                 is_provisional boolean, internal_note varchar);
            create table customer_value.dim_product (product_code varchar, product_name varchar);
            create table customer_value.int_not_a_mart as select '{SECRET}' as full_name;
            """
        )
        rows = [
            (customer, month, Decimal(amount), month == max(amounts), SECRET)
            for month, customers in amounts.items()
            for customer, amount in customers.items()
        ]
        if rows:
            connection.executemany(
                "insert into customer_value.fct_customer_aum_monthly values (?, ?, ?, ?, ?)", rows
            )
        if products:
            connection.executemany(
                "insert into customer_value.dim_product values (?, ?)",
                [(code, code.upper()) for code in products],
            )
        add_gate_tables(connection, batch)


def add_gate_tables(
    connection: duckdb.DuckDBPyConnection, batch: BatchId, severity: str = "warn", is_passed: bool = False
) -> None:
    """The gates' tables with one result of the batch."""
    connection.execute(
        """
        create schema quality;
        create table quality.fct_check_result
            (business_date date, sequence integer, gate_code varchar, table_name varchar, column_name varchar,
             check_code varchar, expectation_type varchar, severity_code varchar, is_passed boolean,
             checked_cnt bigint, failing_cnt bigint, limit_share decimal(9, 6), observed varchar,
             message varchar);
        create table quality.fct_restatement
            (month_start_date date, customers_changed bigint, aum_change_amt decimal(18, 2),
             caused_by_business_date date, caused_by_sequence integer, explanation varchar);
        """
    )
    connection.execute(
        """
        insert into quality.fct_check_result values
            (?, ?, 'fit_to_load', 'customer', null, 'row_count_moved', 'fact', ?, ?, 9, 1, 0.001, null, 'few')
        """,
        [batch.business_date, batch.sequence, severity, is_passed],
    )


def publish_night(
    settings: Settings, batch: BatchId, rebuilt: Sequence[date], before: Sequence[BatchId] = ()
) -> Publication:
    """Publish the build database as the night of a batch."""
    return publish(settings, batch, MARTS, rebuilt, [*before, batch])


def contents(folder: Path) -> dict[str, Rows]:
    """Every table of a release's database, sorted, but for the release's own name."""
    with duckdb.connect(str(folder / DATABASE_FILE), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where table_name <> 'data_as_of' order by all"
        ).fetchall()
        return {
            f"{schema}.{table}": connection.execute(f"select * from {schema}.{table} order by all").fetchall()
            for schema, table in tables
        }


def parquet_bytes(folder: Path) -> dict[str, bytes]:
    """Every Parquet file of a release, by its path in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.parquet"))}


def whole_release(settings: Settings, batch: BatchId, batches: Sequence[BatchId], home: Path) -> Path:
    """Publish the same build database into a warehouse without any release; return the release's folder."""
    other = replace(settings, home=home)
    other.database.parent.mkdir(parents=True)
    shutil.copyfile(settings.database, other.database)
    return publish(other, batch, MARTS, [], batches).folder
