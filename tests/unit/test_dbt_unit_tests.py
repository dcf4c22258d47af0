"""dbt's own unit tests, run on a copy of a built warehouse: they take the types of their inputs from it."""

from pathlib import Path

from tests.support.warehouse import Warehouse


def test_dbt_unit_tests_pass(golden_warehouse: Warehouse, tmp_path: Path):
    warehouse = golden_warehouse.copy_to(tmp_path / "home")

    done = warehouse.command("dbt", "test", "--select", "test_type:unit")

    assert done.returncode == 0, done.stdout
    assert "unit_test" in done.stdout or "unit test" in done.stdout, done.stdout
    assert "Nothing to do" not in done.stdout
