"""dbt's models, seeds and tests.

Put here: how dbt's project looks in Dagster. Keep out: SQL and its tests (``models/``, ``tests/data``).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from orchestration.assets.lake import lake_table
from orchestration.assets.landing import LANDED_BATCH
from orchestration.dbt_results import NodeResult
from orchestration.errors import BuildError
from orchestration.resources import WRITER, told_to_dagster
from orchestration.settings import PROJECT, Settings, private_folder
from orchestration.stations import NotItsTurnError
from orchestration.transform import dbt_environment
from orchestration.turns import TurnRun

_UNIQUE_ID = "dagster_dbt/unique_id"
"""Where dagster-dbt's specs of assets and of checks say which of dbt's nodes they are."""

NodeEvent = dg.MaterializeResult[None] | dg.AssetCheckResult
_LAKE_SOURCE = "core_banking"
_PARSED = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests/data")


class FoldersAsGroups(DagsterDbtTranslator):
    """Groups are folders: the schema for marts, the layer for other models, the folder for seeds."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Sources of the lake are the lake's assets; all else is schema and name."""
        if dbt_resource_props["resource_type"] == "source":
            name = dbt_resource_props["name"]
            is_lake = dbt_resource_props["source_name"] == _LAKE_SOURCE
            return lake_table(name) if is_lake else dg.AssetKey([dbt_resource_props["source_name"], name])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The folder that a reader would look in."""
        _, layer, *folders = map(str, dbt_resource_props["fqn"])
        return folders[0] if layer == "marts" else layer


def manifest_of_project(settings: Settings) -> dict[str, Any]:
    """Read dbt's manifest of the project as it is now; parse it again only when a file has changed."""
    path = private_folder(settings.dagster_home / "dbt") / "manifest.json"
    if not path.exists() or path.stat().st_mtime_ns < _last_change():
        _parse(settings, path)
    manifest: dict[str, Any] = json.loads(path.read_bytes())
    return manifest


def models(manifest: dict[str, Any], business_dates: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """All of dbt's project as one step: dbt orders its nodes itself."""

    @dbt_assets(
        manifest=manifest,
        name="build",
        dagster_dbt_translator=FoldersAsGroups(),
        partitions_def=business_dates,
        backfill_policy=dg.BackfillPolicy.multi_run(1),
        pool=WRITER,
    )
    def build(context: dg.AssetExecutionContext, turn: dg.ResourceParam[TurnRun]) -> Iterator[NodeEvent]:
        results = NodeEvents(context.assets_def)
        with told_to_dagster():
            if context.is_subset:
                raise NotItsTurnError("Some models only would leave the others behind. Start all assets.")
            try:
                turn.night.build()
            except BuildError:
                yield from results.of(turn.night.nodes, is_whole=False)
                raise
        yield from results.of(turn.night.nodes, is_whole=True)

    return build


class NodeEvents:
    """What dbt reports, as Dagster's events: a model or seed is materialized, a test is checked."""

    def __init__(self, assets: dg.AssetsDefinition) -> None:
        self._checks = {str(spec.metadata[_UNIQUE_ID]): spec for spec in assets.check_specs}
        specs = {spec.key: spec for spec in assets.specs}
        order = TopologicalSorter({key: [dep.asset_key for dep in spec.deps] for key, spec in specs.items()})
        # Dagster wants what an asset is made from before it
        self._assets = {
            str(specs[key].metadata[_UNIQUE_ID]): key for key in order.static_order() if key in specs
        }

    def of(self, nodes: Sequence[NodeResult], *, is_whole: bool) -> Iterator[NodeEvent]:
        """An event per node; none of one that failed to be built or was skipped.

        Args:
            is_whole: Whether dbt has built all that a night needs. What it did not build then is as it came
                out when it was built last, and so are tests of it; Dagster hears that it is reused.
        """
        finished = {node.unique_id: node for node in nodes}
        for unique_id, key in self._assets.items():
            node = finished.get(unique_id, NodeResult(unique_id, "", "reused"))
            if node.status == "success" or (node.status == "reused" and is_whole):
                yield dg.MaterializeResult(asset_key=key, metadata=_about(node))
        for unique_id, spec in self._checks.items():
            node = finished.get(unique_id, NodeResult(unique_id, "", "reused"))
            if node.status != "skipped" and (node.status != "reused" or is_whole):
                is_warning = node.status == "warn"
                yield dg.AssetCheckResult(
                    asset_key=spec.asset_key,
                    check_name=spec.name,
                    passed=node.status in ("pass", "reused"),
                    severity=dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR,
                    metadata={**_about(node), "dagster_dbt/failed_row_count": node.failures},
                )


def _about(node: NodeResult) -> dict[str, str | float]:
    return {"status": node.status, "unique_id": node.unique_id, "Execution Duration": node.seconds}


def night_sources(manifest: Mapping[str, Any], business_dates: dg.PartitionsDefinition) -> list[dg.AssetSpec]:
    """What gate 1 tells dbt of the night, beside the lake."""
    return [
        dg.AssetSpec(
            FoldersAsGroups().get_asset_key(source),
            deps=[LANDED_BATCH],
            description=source["description"],
            group_name="lake",
            partitions_def=business_dates,
        )
        for source in manifest["sources"].values()
        if source["source_name"] != _LAKE_SOURCE
    ]


def _last_change() -> int:
    """Time of the newest change to a file or folder that dbt reads."""
    roots = [PROJECT / part for part in _PARSED]
    return max(path.stat().st_mtime_ns for root in roots for path in (root, *root.rglob("*")))


def _parse(settings: Settings, path: Path) -> None:
    """Parse in a process of its own and put the manifest in place whole: others may be reading it."""
    with TemporaryDirectory(dir=path.parent) as target:
        environment = {**os.environ, **dbt_environment(settings), "DBT_TARGET_PATH": target}
        parsed = subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", "parse"],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if parsed.returncode:
            raise BuildError(f"dbt cannot read the project:\n{parsed.stdout}{parsed.stderr}")
        (Path(target) / "manifest.json").replace(path)
