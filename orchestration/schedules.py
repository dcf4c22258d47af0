"""Schedules: the night, by the clock of the bank.

Put here: when the clock starts something. Keep out: starting on arrival (``sensors.py``).
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.errors import BusyError
from orchestration.expected import tell_late
from orchestration.jobs import NIGHT, is_night_running
from orchestration.journal import Journal
from orchestration.settings import Settings
from orchestration.turns import waiting_turns


def nightly(settings: Settings) -> dg.ScheduleDefinition:
    """Every waiting night in order, also one that failed before; then days that are late are told.

    A run whose turn it is not refuses, so a night that fails keeps those after it waiting.
    """

    @dg.schedule(
        job_name=NIGHT,
        cron_schedule=f"{settings.bank.nightly_at.minute} {settings.bank.nightly_at.hour} * * *",
        execution_timezone=settings.bank.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        """Start the nights that are waiting at ``nightly_at``, in the bank's time zone."""
        tell_late(Journal(settings, "Dagster", context.log.warning))
        if is_night_running(context.instance):
            yield dg.SkipReason("A night is running.")
            return
        try:
            turns = waiting_turns(settings)
        except BusyError as error:
            yield dg.SkipReason(str(error))
            return
        if not turns:
            yield dg.SkipReason(f"No batch is waiting in {settings.landing}.")
        at = context.scheduled_execution_time
        for turn in turns:
            yield dg.RunRequest(
                f"{at:%Y-%m-%d} {turn.key}", partition_key=str(turn.night.batch.business_date)
            )

    return nightly
