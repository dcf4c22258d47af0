"""Jobs: the night, whole.

Put here: what runs together. Keep out: when (``schedules.py``, ``sensors.py``).
"""

import dagster as dg

NIGHT = "night"

RUNNING = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


night_job = dg.define_asset_job(
    NIGHT,
    selection=dg.AssetSelection.all(),
    description="One business date from landing to release. Nothing after a failed gate runs.",
    # a night that was cut off starts from the front: its stations belong together
    tags={"dagster/retry_strategy": "ALL_STEPS"},
    executor_def=dg.in_process_executor,
)
"""Every station of one business date, gates included; steps share a process and the writer's lock."""


def is_night_running(instance: dg.DagsterInstance) -> bool:
    """Whether a night runs or is queued."""
    return bool(instance.get_runs(dg.RunsFilter(job_name=NIGHT, statuses=list(RUNNING)), limit=1))
