"""dbt's models, seeds and tests.

Put here: how dbt's project looks in Dagster. Keep out: SQL and its tests (``models/``, ``tests/data``).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

from orchestration.assets.lake import lake_table
from orchestration.assets.landing import LANDED_BATCH
from orchestration.errors import BuildError
from orchestration.resources import WRITER, told_to_dagster
from orchestration.settings import PROJECT, Settings, private_folder
from orchestration.stations import NotItsTurnError, Stations
from orchestration.transform import build_arguments, dbt_environment

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
    def build(
        context: dg.AssetExecutionContext, dbt: DbtCliResource, stations: dg.ResourceParam[Stations]
    ) -> Iterator[Any]:
        with told_to_dagster():
            night = stations.night_to_build()
            if context.is_subset:
                raise NotItsTurnError("Some models only would leave the others behind. Start all assets.")
        settings = stations.settings
        yield from dbt.cli(
            build_arguments(settings, night), context=context, target_path=settings.dbt_target
        ).stream()
        stations.built()

    return build


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
