"""Releases open with what analysts use: the command line, Polars, pandas, SQLAlchemy.

With ``ACRM_CLIENTS`` set to the Python of another environment (``make clients``), that one's are asked.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.releases.catalog import read_catalog
from tests.support.warehouse import Warehouse

TABLES = Path(__file__).parents[2] / "docs" / "tables.md"
CLIENTS = TABLES.with_name("clients.md")
PYTHON = Path(os.environ.get("ACRM_CLIENTS") or sys.executable)
TOTAL = "select count(*) as n, sum(aum_end_amt) as aum from customer_value.fct_customer_aum_monthly"

POLARS = """
    import polars as pl
    rows = pl.scan_parquet(parquet)
    n, aum = rows.select(pl.len(), pl.col("aum_end_amt").sum()).collect().row(0)
"""
PANDAS = """
    import pandas as pd
    rows = pd.read_parquet(parquet)
    n, aum = len(rows), rows["aum_end_amt"].sum()
"""
PYARROW = """
    import pyarrow.compute as pc, pyarrow.parquet as pq
    rows = pq.read_table(parquet)
    n, aum = len(rows), pc.sum(rows["aum_end_amt"]).as_py()
"""
SPARK = """
    from pyspark.sql import SparkSession, functions as f
    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    rows = spark.read.parquet(parquet)
    assert dict(rows.dtypes)["month_start_date"] == "date", rows.dtypes
    n, aum = rows.agg(f.count("*"), f.sum("aum_end_amt")).first()
"""
DUCKDB_AND_PANDAS = """
    import duckdb
    frame = duckdb.connect(database, read_only=True).sql(total).df()
    n, aum = frame["n"][0], frame["aum"][0]
"""
SQLALCHEMY = """
    import sqlalchemy
    engine = sqlalchemy.create_engine("duckdb:///" + database, connect_args={"read_only": True})
    with engine.connect() as connection:
        n, aum = connection.execute(sqlalchemy.text(total)).one()
        (wan,) = connection.execute(sqlalchemy.text('select count(*) from reporting_zh.客户月资产')).one()
        assert wan == n
"""


@pytest.mark.parametrize("program", [POLARS, PANDAS, PYARROW, DUCKDB_AND_PANDAS, SQLALCHEMY, SPARK])
def test_a_library_reads_the_release(town: Warehouse, program: str):
    if program is SPARK and not (shutil.which("java") and "ACRM_CLIENTS" in os.environ):
        pytest.skip("Spark is asked by `make clients`, where there is Java")
    (expected,) = town.query(TOTAL)
    release = town.current.resolve()
    table = release / "parquet" / "customer_value" / "fct_customer_aum_monthly"
    head = f"parquet, database, total = {str(table)!r}, {str(release / 'acrm.duckdb')!r}, {TOTAL!r}\n"
    done = subprocess.run(
        [PYTHON, "-c", head + textwrap.dedent(program) + "print(int(n), round(float(aum), 2))"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(expected["n"]), str(round(float(expected["aum"]), 2))]


PROGRAMS = re.findall(r"^```python\n(.*?)^```", CLIENTS.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_documents_runs_in_the_checkout(town: Warehouse, tmp_path: Path, program: str):
    (tmp_path / "var").symlink_to(town.home)
    unset = {name: text for name, text in os.environ.items() if name != "ACRM_HOME"}
    done = subprocess.run(
        [PYTHON, "-c", program], cwd=tmp_path, env=unset, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_the_folder_of_every_table_opens_by_the_obvious_call(town: Warehouse):
    release = town.current.resolve()
    catalog = read_catalog(release)
    assert catalog is not None
    seen = 0
    for table in catalog.tables:
        folder = release / "parquet" / table.schema_name / table.name
        if not table.files:
            continue
        days = {column.name for column in table.columns if column.data_type == "DATE"}
        arrow, polars = pq.read_table(folder), pl.read_parquet(folder)
        assert len(pd.read_parquet(folder)) == len(arrow) == polars.height == table.row_cnt, table.full_name
        assert {field.name for field in arrow.schema if pa.types.is_date(field.type)} == days
        assert {column for column, kind in polars.schema.items() if kind == pl.Date} == days
        seen += table.partition is not None
    assert seen > 30


def test_the_newest_command_line_reads_tables_views_and_macros(town: Warehouse):
    (expected,) = town.query(TOTAL)
    database = town.current.resolve() / "acrm.duckdb"
    sql = f"{TOTAL}; select count(*) as views from duckdb_views() where schema_name = 'reporting_zh';"
    done = subprocess.run(
        [PYTHON.parent / "duckdb", "-readonly", "-json", database, sql],
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = (json.loads(text + "]")[0] for text in done.stdout.strip().split("]")[:2])

    assert first["n"] == expected["n"] and round(float(first["aum"]), 2) == float(expected["aum"])
    assert second["views"] > 30


def test_what_reads_several_tables_stays_with_one_release(
    town: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (program,) = re.findall(r"^```python\n(.*?)^```", TABLES.read_text(encoding="utf-8"), re.M | re.S)
    followed, joined = program.split("aum = ")
    release = town.current.resolve()
    link = tmp_path / "published" / "current"
    link.parent.mkdir()
    link.symlink_to(release)
    monkeypatch.setenv("ACRM_HOME", str(tmp_path))
    seen: dict[str, Any] = {}
    exec(followed, seen)
    # the next publication comes between
    link.unlink()
    exec("aum = " + joined, seen)

    (expected,) = town.query(
        "select count(*) as n from customer_value.fct_customer_aum_monthly"
        " inner join customer_value.fct_customer_tier_monthly using (customer_id, month_start_date)"
    )
    assert seen["both"].height == expected["n"] > 0
