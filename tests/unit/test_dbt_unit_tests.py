"""dbt's own unit tests, run on a copy of a built warehouse: they take the types of their inputs from it."""

import shutil
import subprocess
import sys
from pathlib import Path

from orchestration.settings import PROJECT, Settings
from orchestration.transform import dbt_environment
from tests.support.warehouse import Warehouse


def test_dbt_unit_tests_pass(golden_warehouse: Warehouse, tmp_path: Path):
    copy = Settings.load(tmp_path)
    copy.database.parent.mkdir(parents=True)
    shutil.copy(Settings.load(golden_warehouse.home).database, copy.database)

    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "test", "--select", "test_type:unit"],
        cwd=PROJECT,
        env={**golden_warehouse.environment, **dbt_environment(copy), "DBT_QUIET": "false"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
    assert "Nothing to do" not in done.stdout
