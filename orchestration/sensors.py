"""Sensors: the night, as soon as its batch is there.

Put here: what starts on an event. Keep out: starting by the clock (``schedules.py``).
"""

import json

import dagster as dg
from pydantic import BaseModel

from orchestration.assets.landing import LANDED_BATCH
from orchestration.errors import AcrmError, BusyError
from orchestration.ingestion.landing import landed_batches, landing_folder
from orchestration.jobs import NIGHT, is_night_running
from orchestration.journal import Journal
from orchestration.reported import MadeByNights, unreported
from orchestration.settings import BatchId, Settings
from orchestration.turns import waiting_turns
from orchestration.waiting import nameless_deliveries, refused_batches

_SECONDS = 30


class _Seen(BaseModel):
    """The sensor's cursor: what it has reported.

    Attributes:
        landed: Batches that have arrived.
        log: Entries of the runs' log.
    """

    landed: list[str] = []
    log: int = 0


def arrival(
    settings: Settings, business_dates: dg.PartitionsDefinition[str], made: MadeByNights
) -> dg.SensorDefinition:
    """Start the first waiting night when its manifest is complete; one at a time, each turn once.

    A batch that is sent again is another turn, as is a night that failed for want of the one before it. A
    night that failed for itself waits for a new batch, the schedule, or a person.
    """

    @dg.sensor(
        job_name=NIGHT, minimum_interval_seconds=_SECONDS, default_status=dg.DefaultSensorStatus.RUNNING
    )
    def arrival(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        """Report batches that have arrived and nights that others ran; start the first night that waits."""
        journal = Journal(settings, "Dagster", context.log.warning)
        try:
            landed = landed_batches(settings)
            refused, nameless = refused_batches(settings), nameless_deliveries(settings)
            seen = _seen(context.cursor)
            told, log = unreported(settings, context.instance, made, business_dates, seen.log)
            request = _first_waiting(settings, context.instance, business_dates)
        except AcrmError as error:
            journal.failed(error)
            raise
        arrived = [_arrived(settings, batch) for batch in landed if str(batch) not in set(seen.landed)]
        for refusal in (*refused.values(), *nameless):
            context.log.warning(str(refusal))
        journal.left_aside(refused, nameless)
        return dg.SensorResult(
            run_requests=[request] if isinstance(request, dg.RunRequest) else None,
            skip_reason=request if isinstance(request, dg.SkipReason) else None,
            asset_events=[*arrived, *told],
            cursor=_Seen(landed=[str(batch) for batch in landed], log=log).model_dump_json(),
        )

    return arrival


def _first_waiting(
    settings: Settings, instance: dg.DagsterInstance, business_dates: dg.PartitionsDefinition
) -> dg.RunRequest | dg.SkipReason:
    if is_night_running(instance):
        return dg.SkipReason("A night is running; the next one is started after it.")
    try:
        turns = waiting_turns(settings)
    except BusyError as error:
        return dg.SkipReason(str(error))
    if not turns:
        return dg.SkipReason(f"No batch is waiting in {settings.landing}.")
    first = turns[0]
    business_date = str(first.night.batch.business_date)
    if not business_dates.has_partition_key(business_date):
        return dg.SkipReason(f"{business_date} is no partition. Is it to come? Else reload the definitions.")
    return dg.RunRequest(run_key=first.key, partition_key=business_date)


def _arrived(settings: Settings, batch: BatchId) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        LANDED_BATCH,
        partition=str(batch.business_date),
        metadata={
            "sequence": batch.sequence,
            "folder": dg.MetadataValue.path(landing_folder(settings, batch)),
        },
    )


def _seen(cursor: str | None) -> _Seen:
    told = json.loads(cursor or "{}")
    # versions before kept the batches alone
    return _Seen(landed=told) if isinstance(told, list) else _Seen.model_validate(told)
