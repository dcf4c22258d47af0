"""How text is compressed on disk: as named for its kind, so that no night tries every way on every column."""

from pathlib import Path

import duckdb
import pytest

from tests.support.warehouse import Warehouse

TABLES = ("customer_value.fct_customer_tier_monthly", "customer_value.fct_tier_reason")


def compressions(database: Path, table: str) -> dict[str, set[str]]:
    """The ways each text column's values are compressed; a part that holds one value alone needs none."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            "select column_name, list(distinct compression) from pragma_storage_info(?)"
            " where segment_type = 'VARCHAR' and compression <> 'Constant' group by column_name",
            [table],
        ).fetchall()
    return {column: set(ways) for column, ways in rows}


@pytest.mark.parametrize("table", TABLES)
def test_published_numbers_and_codes(town: Warehouse, table: str) -> None:
    stored = compressions(town.current / "acrm.duckdb", table)

    assert stored["customer_id"] == {"FSST"}
    assert stored["tier_code"] == stored["rulebook_version"] == {"Dictionary"}


@pytest.mark.parametrize("table", [*TABLES, "intermediate.int_tier__customer_month"])
def test_numbers_in_the_build_database(golden_warehouse: Warehouse, table: str) -> None:
    stored = compressions(golden_warehouse.home / "build" / "warehouse.duckdb", table)

    assert stored["customer_id"] == {"ZSTD"}
    assert stored["rulebook_version"] == {"DICT_FSST"}
