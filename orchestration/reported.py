"""What Dagster is told of nights that it did not run, so that its pages show what readers have.

Put here: which entries of the runs' log are events of Dagster's assets. Keep out: when somebody looks
(``sensors.py``).

Two things would be wrong without it. Nights of the command line would be missing. And a correction that fails
marks all assets of its date as failed, though the release of that date stands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dagster as dg

from orchestration.assets.release import RELEASE
from orchestration.journal import Entry, entries
from orchestration.settings import Settings
from orchestration.waiting import published_batches

AssetEvent = dg.AssetObservation | dg.AssetMaterialization | dg.AssetCheckEvaluation

_MOST_NIGHTS = 2
"""Nights reported at once: each is some hundred events, and Dagster stores them one by one."""


@dataclass(frozen=True)
class MadeByNights:
    """The assets that a night makes, and the checks of them."""

    assets: tuple[dg.AssetKey, ...]
    checks: tuple[dg.AssetCheckKey, ...]

    @classmethod
    def of(cls, definitions: Sequence[object]) -> "MadeByNights":
        """Those of all definitions that compute something; what others deliver is no part of them."""
        computed = [one for one in definitions if isinstance(one, dg.AssetsDefinition)]
        specs = [spec for one in computed for spec in one.check_specs]
        return cls(
            tuple(key for one in computed for key in one.keys),
            tuple(dg.AssetCheckKey(spec.asset_key, spec.name) for spec in specs),
        )


def unreported(
    settings: Settings,
    instance: dg.DagsterInstance,
    made: MadeByNights,
    dates: dg.PartitionsDefinition[str],
    seen: int,
) -> tuple[list[AssetEvent], int]:
    """Events of nights that Dagster does not know, and how many entries of the log it has seen then.

    Args:
        seen: Entries of the log that were looked at before.
    """
    log = entries(settings)
    # a log that was restored or begun anew is read from the front
    position = seen if seen <= len(log) else 0
    standing = {batch.business_date for batch in published_batches(settings)}
    events: list[AssetEvent] = []
    nights = 0
    while position < len(log) and nights < _MOST_NIGHTS:
        entry = log[position]
        position += 1
        told = _what_to_tell(entry, is_standing=entry.business_date in standing)
        if told is not None and dates.has_partition_key(str(entry.business_date)):
            events += _events(entry, told, instance, made)
            nights += 1
    return events, position


def _what_to_tell(entry: Entry, *, is_standing: bool) -> str | None:
    if entry.by == "command line" and entry.did in ("published", "replayed"):
        return "run on the command line"
    if entry.by == "Dagster" and entry.did == "failed" and entry.batch is not None and is_standing:
        return "a run failed; what was published before stays"
    return None


def _events(
    entry: Entry, told: str, instance: dg.DagsterInstance, made: MadeByNights
) -> Iterator[AssetEvent]:
    metadata = {"how": told, "batch": str(entry.batch), "at": entry.at.isoformat()}
    for key in made.assets:
        if key != RELEASE or entry.did != "replayed":
            release = {"release": entry.release} if key == RELEASE and entry.release else {}
            yield dg.AssetMaterialization(
                key, partition=str(entry.business_date), metadata={**metadata, **release}
            )
    if entry.did != "failed":
        # what a failed run had found is over: the night went through both gates and all of dbt's tests
        for check in made.checks:
            if _is_failed(instance, check):
                yield dg.AssetCheckEvaluation(
                    asset_key=check.asset_key, check_name=check.name, passed=True, metadata=metadata
                )


def _is_failed(instance: dg.DagsterInstance, check: dg.AssetCheckKey) -> bool:
    record = instance.get_latest_asset_check_evaluation_record(check)
    evaluation = record.evaluation if record is not None else None
    return evaluation is not None and not evaluation.passed
