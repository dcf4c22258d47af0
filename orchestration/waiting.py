"""What has arrived, what was run, what is published, and so which nights are waiting.

Put here: reading where a warehouse stands. Keep out: deciding (``plan.py``) and running (``night.py``).
"""

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path

import duckdb
from pydantic import TypeAdapter, ValidationError

from orchestration.errors import BadBatchError, Fault, FaultError, NotFitToLoadError
from orchestration.ingestion.audit import withdrawn
from orchestration.ingestion.bounds import far_off, out_of_bounds
from orchestration.ingestion.lake import (
    before_initial_load,
    has_passed,
    lake_batches,
    read_report,
    withdrawn_since_release,
)
from orchestration.ingestion.landing import landed_batches, landing_folder, required_batches, survey
from orchestration.ingestion.manifest import MANIFEST, file_digest
from orchestration.ingestion.refusals import standing_refusal
from orchestration.interrupts import connect
from orchestration.plan import Night, Processed, highest_sequences, nights_to_run
from orchestration.releases.catalog import read_catalog
from orchestration.releases.on_disk import current_release
from orchestration.settings import BatchId, Settings

_NIGHTS = TypeAdapter(list[Processed])


def available_batches(settings: Settings, again: date | None = None) -> list[BatchId]:
    """Complete batches in landing and lake that count, each once.

    Args:
        again: A business date of which batches are tried again though they were refused.

    Raises:
        LandingError: Landing cannot be read.
    """
    required_batches(settings)
    return counting_batches(settings, again)


def counting_batches(
    settings: Settings, again: date | None = None, also: Collection[BatchId] = ()
) -> list[BatchId]:
    """The same as far as it can be told, whatever else lies in landing: for those who only look.

    Args:
        also: Batches that are taken as landed.
    """
    landed, in_lake = sorted({*_landed(settings), *also}), _in_lake(settings)
    kept_out = _never(settings, landed, in_lake).keys() | {
        batch for batch in _not_again(settings, landed, in_lake) if batch.business_date != again
    }
    return sorted({*landed, *in_lake} - kept_out)


def refused_batches(settings: Settings) -> dict[BatchId, FaultError]:
    """Landed batches that no run takes and none waits for, each with why.

    Their sequence or date cannot be, they are dated before the initial load, they differ from what was taken
    under the same sequence, or they were tried after later nights had run and refused.
    """
    landed, in_lake = _landed(settings), _in_lake(settings)
    changed = {
        batch: _changed(settings, batch, _digest(settings, batch)) for batch in landed if batch in in_lake
    }
    never = _never(settings, landed, in_lake)
    faults = never | {batch: fault for batch, fault in changed.items() if fault is not None}
    tried = _not_again(settings, landed, in_lake)
    return {**tried, **{batch: BadBatchError([fault]) for batch, fault in faults.items()}}


def never_taken(settings: Settings, batch: BatchId, manifest_sha256: str) -> Fault | None:
    """Why no run would take a delivery whatever is in it; it is taken as landed, wherever it lies."""
    in_lake = _in_lake(settings)
    if batch in in_lake:
        return _changed(settings, batch, manifest_sha256)
    return _never(settings, sorted({*_landed(settings), batch}), in_lake).get(batch)


def batches_before(settings: Settings, batch: BatchId) -> list[BatchId]:
    """The batch that counts of each business date before a delivery's, which is taken as landed."""
    counting = highest_sequences(counting_batches(settings, also=[batch]))
    return [known for day, known in counting.items() if day < batch.business_date]


def not_yet_built(settings: Settings, batches: Collection[BatchId]) -> list[BatchId]:
    """Those of some batches that no night of the build database stands for; all if it was thrown away."""
    nights = noted_nights(settings) if settings.database.exists() else []
    built = {night.batch for night in nights}
    return [batch for batch in batches if batch not in built]


def is_settled(settings: Settings, batch: BatchId) -> bool:
    """Whether a lake's batch stays as it was taken: gate 1 let it through, or a night was built on it."""
    if batch not in _in_lake(settings):
        return False
    built = {*published_batches(settings), *(night.batch for night in noted_nights(settings))}
    return batch in built or has_passed(settings, batch)


def nameless_deliveries(settings: Settings) -> list[Fault]:
    """What is wrong with deliveries in landing that tell no batch; no run takes them."""
    return survey(settings).faults


def told_together(refused: dict[BatchId, FaultError], nameless: Sequence[Fault] = ()) -> FaultError:
    """One error for several batches, oldest first, and for what tells no batch."""
    faults = [*(fault for _, error in sorted(refused.items()) for fault in error.faults), *nameless]
    is_bad = bool(nameless) or any(isinstance(error, BadBatchError) for error in refused.values())
    return BadBatchError(faults) if is_bad else NotFitToLoadError(faults)


def _never(settings: Settings, landed: list[BatchId], in_lake: list[BatchId]) -> dict[BatchId, Fault]:
    """Landed batches that cannot count whatever is in them."""
    new = [batch for batch in landed if batch not in in_lake]
    found = {batch: fault for batch in new if (fault := out_of_bounds(batch)) is not None}
    found |= far_off([batch for batch in new if batch not in found], in_lake, settings.bank.longest_gap_days)
    first = min(in_lake, default=None)
    for batch in new:
        if batch not in found and first is not None and batch.business_date < first.business_date:
            fault = before_initial_load(settings, batch, in_lake)
            if fault is not None:
                found[batch] = fault
    return found


def _not_again(
    settings: Settings, landed: list[BatchId], in_lake: list[BatchId]
) -> dict[BatchId, FaultError]:
    """Batches that were tried and refused, and that nothing would change for now."""
    known = {*landed, *in_lake}
    tried = {batch: standing_refusal(settings, batch, known - {batch}) for batch in known}
    return {batch: error for batch, error in sorted(tried.items()) if error is not None}


def others_known(settings: Settings, batch: BatchId) -> set[BatchId]:
    """All batches but one, as a refusal of that one is judged by."""
    return {*_landed(settings), *_in_lake(settings)} - {batch}


def _landed(settings: Settings) -> list[BatchId]:
    """Landed batches without those that are withdrawn."""
    said = withdrawn(settings)
    names = {batch for batch, _ in said}
    return [
        batch
        for batch in landed_batches(settings)
        if batch not in names or (batch, _digest(settings, batch)) not in said
    ]


def _in_lake(settings: Settings) -> list[BatchId]:
    """Batches of the lake without those that are withdrawn and still to be cleared away."""
    said = withdrawn(settings)
    names = {batch for batch, _ in said}
    return [
        batch
        for batch in lake_batches(settings)
        if batch not in names
        or (report := read_report(settings, batch)) is None
        or (batch, report.manifest_sha256) not in said
    ]


def _digest(settings: Settings, batch: BatchId) -> str | None:
    try:
        return file_digest(landing_folder(settings, batch) / MANIFEST)
    except OSError:
        return None


def _changed(settings: Settings, batch: BatchId, digest: str | None) -> Fault | None:
    """What is wrong with a landed batch whose name the lake knows by another manifest."""
    report = read_report(settings, batch)
    if report is None or digest is None or digest == report.manifest_sha256:
        return None
    if not is_settled(settings, batch):
        # mended in place: the next run reads it again
        return None
    what = f"{batch} is in the lake by another manifest, so the one that lies in landing now was not read"
    remedy = (
        "Have a correction sent with a higher sequence; or, where the first delivery was no good, take it "
        f"out by: acrm withdraw {batch.short}"
    )
    return Fault("batch_changed", what, remedy, file=MANIFEST)


def processed_nights(settings: Settings) -> list[Processed]:
    """Nights that the build database holds; none if it was thrown away. Writers only; see `noted_nights`."""
    if not settings.database.exists():
        return []
    with connect(str(settings.database), read_only=True) as connection:
        try:
            rows = connection.execute(
                "select business_date, sequence, has_state from pipeline.night order by business_date"
            ).fetchall()
        except duckdb.CatalogException:
            return []
    return [Processed(BatchId(row[0], row[1]), row[2]) for row in rows]


def noted_nights(settings: Settings) -> list[Processed]:
    """Nights that were run, for whoever looks: to open the build database would stop a run.

    While a night is built, and after a run that was cut short, those that the current release rests on.
    """
    try:
        return _NIGHTS.validate_json(_note(settings).read_bytes())
    except (OSError, ValidationError):
        return [Processed(batch, has_state=True) for batch in published_batches(settings)]


def note_nights(settings: Settings) -> None:
    """Write down for those who look which nights the build database holds."""
    note = _note(settings)
    unfinished = note.with_suffix(".unfinished")
    unfinished.write_bytes(_NIGHTS.dump_json(processed_nights(settings)))
    unfinished.replace(note)


def forget_noted_nights(settings: Settings) -> None:
    """A build is about to change which nights there are."""
    _note(settings).unlink(missing_ok=True)


def _note(settings: Settings) -> Path:
    # goes with the build database when that is thrown away
    return settings.database.with_name(f"{settings.database.name}.nights.json")


def published_batches(settings: Settings) -> list[BatchId]:
    """Batches that the current release rests on; none before the first publication."""
    current = current_release(settings)
    catalog = None if current is None else read_catalog(current.folder)
    if catalog is None:
        return []
    return [BatchId(batch.business_date, batch.sequence) for batch in catalog.batches]


def planned_nights(
    settings: Settings, *, until: date | None = None, again: date | None = None, is_writer: bool = True
) -> list[Night]:
    """The nights that a run would take, in order; see :func:`orchestration.night.run_waiting`.

    Args:
        is_writer: Whether the build database may be opened; else what is noted of it has to do.
    """
    return nights_to_run(
        available_batches(settings, again),
        processed_nights(settings) if is_writer else noted_nights(settings),
        published_batches(settings),
        again,
        until=until,
        withdrawn=withdrawn_since_release(settings),
    )
