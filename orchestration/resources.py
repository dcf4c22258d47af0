"""Resources: dbt, and the night of a run.

Put here: what lives as long as a run. Keep out: what a station does (``night.py``).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import dagster as dg
import duckdb

from orchestration.errors import AcrmError, BusyError
from orchestration.journal import to_stderr
from orchestration.settings import Settings
from orchestration.stations import Event
from orchestration.transform import Transform
from orchestration.turns import TurnRun

WRITER = "warehouse_writer"
"""Pool of every step that writes: whatever the instance allows, no two nights run at once."""

_BUSY_WAIT_SECONDS, _BUSY_RETRIES = 60, 60
_DISK_WAIT_SECONDS, _DISK_RETRIES = 20, 3
_SECONDS_BETWEEN_LINES = 10.0


def dbt_resource(settings: Settings) -> dg.ResourceDefinition:
    """Dbt as the command line has it: in this process, parsed once, so that a night costs the same."""

    @dg.resource(description="dbt in the run's own process. Replace it to build the models by other means.")
    def dbt(context: dg.InitResourceContext) -> Transform:
        return Transform(settings)

    return dbt


def turn_resource(settings: Settings) -> dg.ResourceDefinition:
    """The run's night, built by the resource `dbt`. All steps share one process and so one object."""

    @dg.resource(
        description="The stations of one night; holds the writer's lock to the end of the run.",
        required_resource_keys={"dbt"},
    )
    def turn(context: dg.InitResourceContext) -> Iterator[TurnRun]:
        say = context.log.warning if context.log is not None else to_stderr
        run = TurnRun(settings, context.resources.dbt, _progress(context.log), say)
        try:
            yield run
        finally:
            run.close()

    return turn


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
    """A line where a station begins and ends, and now and then what it is at.

    Dagster stores every line by itself, which costs more than most of dbt's nodes do.
    """
    told = -_SECONDS_BETWEEN_LINES

    def tell(event: Event) -> None:
        nonlocal told
        is_at_work = event.detail and event.seconds is None
        if log is None or (is_at_work and monotonic() - told < _SECONDS_BETWEEN_LINES):
            return
        told = monotonic()
        log.info(f"{event.batch} · {event.station} · {event.detail or 'begins'}")

    return tell
