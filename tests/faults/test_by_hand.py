"""dbt by hand: on a copy it does what it says; on the warehouse of the nights it does nothing."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.by_hand import copy_of_warehouse, run_dbt
from orchestration.errors import ConfigurationError
from orchestration.settings import PROJECT, Settings
from orchestration.transform import dbt_environment
from tests.faults.delivered import Delivered
from tests.support.warehouse import tree_hashes

AUM = "select count(*), sum(aum_end_amt) from customer_value.fct_customer_aum_monthly"


def answer(database: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def dbt(settings: Settings, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Dbt as somebody would start it who knows the database, and nothing of nights."""
    return subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *arguments, "--vars", json.dumps(variables)],
        cwd=PROJECT,
        env={"PATH": "/usr/bin", **dbt_environment(settings), "DBT_QUIET": "false"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_warehouse_of_the_nights_is_left_as_it_is(batch: Delivered, settings: Settings) -> None:
    assert batch.folder.exists()
    before, published = answer(settings.database, AUM), tree_hashes(settings.published)
    ((last_night,),) = answer(settings.database, "select max(business_date) from pipeline.night")

    done = dbt(settings, "run", "--select", "fct_customer_aum_monthly", business_date=str(last_night))

    said = " ".join(done.stdout.split())
    assert done.returncode != 0
    assert "nothing was built: this database belongs to the nights. `acrm dbt run ...` runs the same" in said
    assert answer(settings.database, AUM) == before
    assert tree_hashes(settings.published) == published


def test_on_a_copy_a_model_is_built_again_and_has_each_row_once(batch: Delivered, settings: Settings) -> None:
    assert batch.folder.exists()
    before, published = answer(settings.database, AUM), tree_hashes(settings.published)

    assert run_dbt(settings, ["run", "--select", "fct_customer_aum_monthly", "fct_sales_credit"])
    assert run_dbt(settings, ["run", "--select", "fct_customer_aum_monthly"])

    assert answer(copy_of_warehouse(settings), AUM) == before
    assert answer(settings.database, AUM) == before
    assert tree_hashes(settings.published) == published


def test_before_the_first_night_there_is_nothing_to_copy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no night has run yet"):
        run_dbt(Settings.load(tmp_path), ["build"])
