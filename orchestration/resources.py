"""Resources: the night of a run, and dbt.

Put here: what lives as long as a run. Keep out: what a station does (``stations.py``, ``night.py``).
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DbtCliResource

from orchestration.errors import AcrmError, BusyError
from orchestration.night import Event
from orchestration.settings import PROJECT, Settings
from orchestration.stations import Stations
from orchestration.transform import dbt_environment

WRITER = "warehouse_writer"
"""Pool of every step that writes: whatever the instance allows, no two nights run at once."""

_BUSY_WAIT_SECONDS, _BUSY_RETRIES = 60, 60
_DISK_WAIT_SECONDS, _DISK_RETRIES = 20, 3


def stations_resource(settings: Settings, manifest: Mapping[str, Any]) -> dg.ResourceDefinition:
    """The stations of the run's night. All steps of a run share one process and so one object."""

    @dg.resource(description="The stations of one night; holds the writer's lock to the end of the run.")
    def stations(context: dg.InitResourceContext) -> Iterator[Stations]:
        os.environ.update(dbt_environment(settings))
        night = Stations(settings, manifest, _progress(context.log))
        try:
            yield night
        finally:
            night.close()

    return stations


def dbt_resource() -> DbtCliResource:
    """The dbt of this environment, told to report each node, which `acrm run` keeps it from."""
    return DbtCliResource(
        project_dir=str(PROJECT),
        profiles_dir=str(PROJECT),
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
        global_config_flags=["--no-quiet"],
    )


@contextmanager
def told_to_dagster() -> Iterator[None]:
    """Fail the step with what the operator has to know; try again only where time can help.

    A night that another process keeps waiting, or a disk that does not answer, may be well a minute later.
    A bad batch stays bad.
    """
    try:
        yield
    except BusyError as error:
        raise dg.RetryRequested(_BUSY_RETRIES, _BUSY_WAIT_SECONDS) from error
    except (OSError, duckdb.IOException) as error:
        raise dg.RetryRequested(_DISK_RETRIES, _DISK_WAIT_SECONDS) from error
    except AcrmError as error:
        if isinstance(error.__cause__, OSError):
            raise dg.RetryRequested(_DISK_RETRIES, _DISK_WAIT_SECONDS) from error
        raise dg.Failure(str(error), allow_retries=False) from error


def _progress(log: dg.DagsterLogManager | None) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        if log is not None:
            log.info(f"{event.batch} · {event.station} · {event.detail or 'begins'}")

    return tell
