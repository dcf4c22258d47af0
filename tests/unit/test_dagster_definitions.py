"""What Dagster is told: it loads, its graph is the one on record, clocks are the bank's."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from contract.model import load_contract
from orchestration.assets.lake import BATCH_REPORT, lake_table
from orchestration.assets.models import manifest_of_project
from orchestration.assets.release import RELEASE
from orchestration.definitions import build_defs
from orchestration.settings import PROJECT, Settings
from orchestration.transform import dbt_environment

SNAPSHOT = Path(__file__).parent / "snapshots" / "asset_graph.txt"
REWRITE = "ACRM_WRITE_SNAPSHOTS"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("empty")
    (home / "bank.yml").write_text("time_zone: Europe/Prague", encoding="utf-8")
    return Settings.load(home)


@pytest.fixture(scope="module")
def defs(settings: Settings) -> dg.Definitions:
    return build_defs(settings)


def test_an_empty_warehouse_is_enough_to_load_the_definitions(
    settings: Settings, defs: dg.Definitions
) -> None:
    dg.Definitions.validate_loadable(defs)
    assert not settings.database.exists()


def test_the_manifest_is_parsed_again_only_after_a_change(settings: Settings, defs: dg.Definitions) -> None:
    manifest = settings.dagster_home / "dbt" / "manifest.json"
    first = manifest.stat().st_mtime_ns

    manifest_of_project(settings)
    assert manifest.stat().st_mtime_ns == first

    os.utime(manifest, ns=(0, 0))
    manifest_of_project(settings)
    assert manifest.stat().st_mtime_ns > first
    assert manifest.stat().st_mode & 0o077 == 0


def test_the_asset_graph_is_the_one_on_record(defs: dg.Definitions) -> None:
    graph = "\n".join(_lines(defs)) + "\n"
    if os.environ.get(REWRITE):
        SNAPSHOT.write_text(graph, encoding="utf-8")
    recorded = SNAPSHOT.read_text(encoding="utf-8")
    assert graph == recorded, f"Meant? Then write it anew by {REWRITE}=1 and commit the difference."


def test_each_gate_blocks_at_every_table_that_passes_through_it(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    blocked: dict[str, set[dg.AssetKey]] = defaultdict(set)
    for key in graph.asset_check_keys:
        if graph.get_check_spec(key).blocking:
            blocked[key.name].add(key.asset_key)
    assert blocked["fit_to_load"] == {BATCH_REPORT, *map(lake_table, load_contract().table_names)}
    assert blocked["fit_to_publish"] == graph.get(RELEASE).parent_keys


def test_schedule_and_partitions_keep_the_time_of_the_bank(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("nightly")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 2 * * *", "Europe/Prague")
    dates = defs.resolve_job_def("night").partitions_def
    assert isinstance(dates, dg.DailyPartitionsDefinition)
    assert dates.timezone == "Europe/Prague"
    assert dates.has_partition_key("1994-01-29")


def test_the_graph_is_the_same_on_every_night(settings: Settings, tmp_path: Path) -> None:
    """A reference that only one night makes would let dbt run models in another order than Dagster."""
    variables = {"business_date": "2026-01-30", "previous_business_date": "2026-01-29"}
    environment = {**os.environ, **dbt_environment(settings), "DBT_TARGET_PATH": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "parse", "--vars", json.dumps(variables)],
        cwd=PROJECT,
        env=environment,
        check=True,
        capture_output=True,
    )
    later = json.loads((tmp_path / "manifest.json").read_bytes())
    assert _references(later) == _references(manifest_of_project(settings))


def _references(manifest: dict) -> dict[str, list[str]]:
    return {name: sorted(node["depends_on"].get("nodes", [])) for name, node in manifest["nodes"].items()}


def _lines(defs: dg.Definitions) -> Iterator[str]:
    """Each asset with its group, what it is made from, and its checks."""
    graph = defs.resolve_asset_graph()
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        yield f"{key.to_user_string()} [{node.group_name}]"
        yield from (f"    from {parent.to_user_string()}" for parent in sorted(node.parent_keys))
        yield from (
            f"    check {check.name}" for check in sorted(node.check_keys, key=lambda check: check.name)
        )
