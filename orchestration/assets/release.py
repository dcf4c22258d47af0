"""What readers see.

Put here: the release as an asset. Keep out: writing it (``orchestration/publication``).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.releases.marts import marts_from_manifest
from orchestration.resources import WRITER, told_to_dagster
from orchestration.turns import TurnRun

RELEASE = dg.AssetKey(["published", "release"])


def published_marts(manifest: Mapping[str, Any]) -> list[dg.AssetKey]:
    """Keys of the models that a release is made of."""
    return [dg.AssetKey([mart.schema_name, mart.name]) for mart in marts_from_manifest(manifest)]


def release(manifest: Mapping[str, Any], business_dates: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """The release of a business date, current once it is there."""

    @dg.asset(
        key=RELEASE,
        name=None,
        deps=published_marts(manifest),
        description="Published tables as a DuckDB database and as Parquet; `current` leads to the newest.",
        group_name="published",
        partitions_def=business_dates,
        backfill_policy=dg.BackfillPolicy.multi_run(1),
        pool=WRITER,
    )
    def publish(turn: dg.ResourceParam[TurnRun]) -> dg.MaterializeResult[None]:
        with told_to_dagster():
            name = turn.night.publish()
        assert name is not None, "a turn's night ends in a release"
        folder = turn.settings.published / name
        return dg.MaterializeResult(metadata={"release": name, "folder": dg.MetadataValue.path(folder)})

    return publish
