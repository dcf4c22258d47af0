"""No model compares every row of a table with every row of another: nights would grow with their product."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.warehouse import Warehouse

FEW_ROWS = {
    "int_recommendation__list": "the rules by which something is recommended",
    "int_contact__pressure": "the months of a year with those that tonight computes",
    "rpt_aum_concentration": "what a report counts up to, a handful a month",
    "rpt_balance_band": "bands of a rule, each with those above it",
}
"""Models whose comparison of all with all has a side that stays small whatever the bank; and why."""

RULES = re.compile(r"\.(rules|reference)\.|\.int_calendar__")
KEYS_EQUAL = re.compile(r"\(\w+ = [a-z_]+\)")


def operators(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan["children"]:
        yield from operators(child)


def compares_all_with_all(operator: Mapping[str, Any]) -> bool:
    """Whether keys that are equal are looked for row by row, between tables that both grow."""
    if operator["name"].strip() != "BLOCKWISE_NL_JOIN":
        return False
    if not KEYS_EQUAL.search(str(operator["extra_info"])):
        return False
    return all(grows_with_the_bank(side) for side in operator["children"])


def grows_with_the_bank(plan: Mapping[str, Any]) -> bool:
    """Whether anything but rules, code lists and months is read."""
    for operator in operators(plan):
        table = operator["extra_info"].get("Table")
        if operator["name"].strip() == "CTE_SCAN" or (table and not RULES.search(table)):
            return True
    return False


def models_that_compare_all(connection: duckdb.DuckDBPyConnection, compiled: Path) -> set[str]:
    found = set()
    for file in sorted(compiled.rglob("*.sql")):
        row = connection.execute(f"explain (format json) {file.read_text(encoding='utf-8')}").fetchone()
        assert row is not None
        plans = json.loads(row[1])
        if any(compares_all_with_all(operator) for plan in plans for operator in operators(plan)):
            found.add(file.stem)
    return found


@pytest.fixture(scope="module")
def build_database(golden_warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    path = golden_warehouse.home / "build" / "warehouse.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def test_keys_are_looked_up_in_a_hash_table(
    build_database: duckdb.DuckDBPyConnection, golden_warehouse: Warehouse
) -> None:
    compiled = golden_warehouse.home / "dbt" / "target" / "compiled" / "acrm" / "models"

    assert len(list(compiled.rglob("*.sql"))) > 200  # all models of a night
    assert models_that_compare_all(build_database, compiled) <= set(FEW_ROWS)


def test_a_condition_beside_the_key_of_a_left_join_is_found(
    build_database: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    joined = (
        "select a.customer_id from customer.dim_customer_360 as a"
        " left join monitoring.fct_customer_assets as b on {on}"
    )
    (tmp_path / "slow.sql").write_text(
        joined.format(on="a.customer_id = b.customer_id and a.customer_type_code = 'P'"), encoding="utf-8"
    )
    (tmp_path / "quick.sql").write_text(
        joined.format(on="case when a.customer_type_code = 'P' then a.customer_id end = b.customer_id"),
        encoding="utf-8",
    )

    assert models_that_compare_all(build_database, tmp_path) == {"slow"}
