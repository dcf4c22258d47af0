"""What Dagster is told: it loads, its graph is the one on record, clocks are the bank's."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import dagster as dg
import pytest

from contract.model import load_contract
from orchestration.assets.lake import BATCH_REPORT, lake_table
from orchestration.assets.landing import LANDED_BATCH
from orchestration.assets.models import NodeEvents, manifest_of_project
from orchestration.assets.release import RELEASE
from orchestration.dbt_results import NodeResult
from orchestration.definitions import build_defs
from orchestration.settings import PROJECT, Settings
from orchestration.transform import dbt_environment
from tests.support.written import ASSET_GRAPH, MEND, asset_graph


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


def test_the_asset_graph_besides_models_is_the_one_on_record(defs: dg.Definitions) -> None:
    assert ASSET_GRAPH.read_text(encoding="utf-8") == asset_graph(defs), MEND


def test_models_and_seeds_have_the_lineage_and_the_checks_that_dbt_gives_them(
    settings: Settings, defs: dg.Definitions
) -> None:
    manifest, graph = manifest_of_project(settings), defs.resolve_asset_graph()
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    for node in nodes:
        asset = graph.get(dg.AssetKey([node["schema"], node["name"]]))
        attached = {
            n["name"] for n in manifest["nodes"].values() if n.get("attached_node") == node["unique_id"]
        }

        assert asset.parent_keys == {
            _asset_key(manifest, parent) for parent in node["depends_on"].get("nodes", [])
        }, node["name"]
        assert {check.name for check in asset.check_keys} - {"fit_to_publish"} == attached, node["name"]
    assert len(nodes) > 150


def test_every_extract_table_is_an_asset_made_from_the_batch(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()

    for table in load_contract().table_names:
        assert graph.get(lake_table(table)).parent_keys == {LANDED_BATCH}


def test_what_is_reused_is_told_in_the_order_of_the_graph(defs: dg.Definitions, settings: Settings) -> None:
    """A night builds tables and leaves most views: tables and views are made from each other."""
    manifest = manifest_of_project(settings)
    graph = defs.resolve_asset_graph()
    build = defs.resolve_assets_def(dg.AssetKey(["customer_value", "fct_tier_event"]))
    tables = [
        NodeResult(unique_id, node["name"], "success")
        for unique_id, node in manifest["nodes"].items()
        if node["config"]["materialized"] in ("table", "incremental")
    ]

    events = list(NodeEvents(build).of(tables, is_whole=True))

    made = [event.asset_key for event in events if isinstance(event, dg.MaterializeResult)]
    checked = [event.check_name for event in events if isinstance(event, dg.AssetCheckResult)]
    assert sorted(made) == sorted(build.keys) and len(checked) == len(list(build.check_specs))
    place = {key: number for number, key in enumerate(made)}
    assert not [
        (key, parent)
        for key in made
        for parent in graph.get(key).parent_keys
        if parent != key and place.get(parent, -1) > place[key]
    ]


def test_of_a_build_that_failed_only_what_was_done_is_told(defs: dg.Definitions) -> None:
    build = defs.resolve_assets_def(dg.AssetKey(["customer_value", "fct_tier_event"]))
    test = next(iter(build.check_specs)).metadata["dagster_dbt/unique_id"]
    nodes = [
        NodeResult("model.acrm.fct_tier_event", "fct_tier_event", "success"),
        NodeResult("model.acrm.fct_tier_reason", "fct_tier_reason", "error"),
        NodeResult("model.acrm.fct_trade_attribution", "fct_trade_attribution", "skipped"),
        NodeResult(test, "some test", "fail", failures=17),
    ]

    made, checked = NodeEvents(build).of(nodes, is_whole=False)

    assert isinstance(made, dg.MaterializeResult) and isinstance(checked, dg.AssetCheckResult)
    assert made.asset_key == dg.AssetKey(["customer_value", "fct_tier_event"])
    assert not checked.passed and checked.severity == dg.AssetCheckSeverity.ERROR
    assert checked.metadata["dagster_dbt/failed_row_count"] == dg.MetadataValue.int(17)


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


def _asset_key(manifest: dict, parent: str) -> dg.AssetKey:
    """Where what a model reads is in Dagster: extract tables in the lake, all else by schema and name."""
    if parent in manifest["sources"]:
        _, _, source, table = parent.split(".")
        return dg.AssetKey(["lake" if source == "core_banking" else source, table])
    return dg.AssetKey([manifest["nodes"][parent]["schema"], manifest["nodes"][parent]["name"]])
