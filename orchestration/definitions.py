"""All that Dagster knows of the warehouse, put together.

Put here: assembly. Keep out: everything else; each part has its module.
"""

import os
import warnings
from collections.abc import Mapping

import dagster as dg

from orchestration.assets.lake import lake_tables
from orchestration.assets.landing import landed_batch
from orchestration.assets.models import manifest_of_project, models, night_sources
from orchestration.assets.release import release
from orchestration.checks import fit_to_load, fit_to_publish
from orchestration.jobs import night_job
from orchestration.partitions import business_dates
from orchestration.reported import MadeByNights
from orchestration.resources import dbt_resource, turn_resource
from orchestration.schedules import nightly
from orchestration.sensors import arrival
from orchestration.settings import Settings

# every process of Dagster enters here: what it writes is private
os.umask(0o077)
# ordered backfill needs it; the lock file pins the version
warnings.filterwarnings("ignore", "Parameter `backfill_policy`", dg.BetaWarning)


def build_defs(
    settings: Settings | None = None, resources: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Assemble the definitions.

    Args:
        settings: The warehouse; by default that of ``ACRM_HOME``.
        resources: Take the place of those of the same name.
    """
    settings = settings or Settings.load()
    manifest = manifest_of_project(settings)
    dates = business_dates(settings)
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        landed_batch(dates),
        lake_tables(dates),
        *night_sources(manifest, dates),
        models(manifest, dates),
        release(manifest, dates),
    ]
    gates = [fit_to_load(), fit_to_publish(manifest)]
    return dg.Definitions(
        assets=assets,
        asset_checks=gates,
        jobs=[night_job],
        schedules=[nightly(settings)],
        sensors=[arrival(settings, dates, MadeByNights.of([*assets, *gates]))],
        resources={
            "dbt": dbt_resource(settings),
            "turn": turn_resource(settings),
            **(resources or {}),
        },
        executor=dg.in_process_executor,
    )


defs = build_defs()
