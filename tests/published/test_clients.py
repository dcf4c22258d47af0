"""Releases open with what analysts use: the command line, Polars, pandas, SQLAlchemy.

With ``ACRM_CLIENTS`` set to the Python of another environment (``make clients``), that one's are asked.
"""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.support.warehouse import Warehouse

TABLES = Path(__file__).parents[2] / "docs" / "tables.md"
PYTHON = Path(os.environ.get("ACRM_CLIENTS") or sys.executable)
TOTAL = "select count(*) as n, sum(aum_end_amt) as aum from customer_value.fct_customer_aum_monthly"

POLARS = """
    import polars as pl
    rows = pl.scan_parquet(parquet + "/**/*.parquet", hive_partitioning=True)
    n, aum = rows.select(pl.len(), pl.col("aum_end_amt").sum()).collect().row(0)
"""
PANDAS = """
    import pandas as pd
    rows = pd.read_parquet(parquet, partitioning=None)
    n, aum = len(rows), rows["aum_end_amt"].sum()
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


@pytest.mark.parametrize("program", [POLARS, PANDAS, DUCKDB_AND_PANDAS, SQLALCHEMY])
def test_a_library_reads_the_release(town: Warehouse, program: str):
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
