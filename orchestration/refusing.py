"""What becomes of a batch that is refused on its way into the lake: it sets nothing back.

Put here: taking it out of the lake again, and whether later nights go on without it. Keep out: the note
(``ingestion/refusals.py``), and what is checked (the gates).
"""

import duckdb

from orchestration.errors import FaultError
from orchestration.ingestion.lake import read_report, take_out, withdrawn_since_release
from orchestration.ingestion.landing import landing_folder
from orchestration.ingestion.manifest import MANIFEST, file_digest
from orchestration.ingestion.refusals import note_refusal, standing_refusal
from orchestration.settings import BatchId, Settings
from orchestration.waiting import others_known, processed_nights, published_batches
from orchestration.warehouse import show_batch_gone


def set_aside(settings: Settings, batch: BatchId, refusal: FaultError) -> None:
    """Leave a refused batch aside where nights of its day or after it have run; other batches stay in line.

    A batch of a new day is not set aside: the nights after it would be wrong without it.
    """
    counted = counted_batches(settings)
    reached = max((other.business_date for other in counted), default=None)
    if reached is not None and batch.business_date <= reached and batch not in counted:
        note_refusal(settings, batch, others_known(settings, batch), refusal)


def is_set_aside(settings: Settings, batch: BatchId) -> bool:
    """Whether the next plan does without the batch."""
    return standing_refusal(settings, batch, others_known(settings, batch)) is not None


def take_out_refused(
    settings: Settings, connection: duckdb.DuckDBPyConnection, batch: BatchId, counted: set[BatchId]
) -> None:
    """Take a batch that gate 1 refuses out of the lake again, so that it is no batch that others come after.

    Not where landing has no copy any more, and not where a night was built on it before.

    Args:
        counted: Batches that nights were built on, from :func:`counted_batches`.
    """
    report = read_report(settings, batch)
    manifest = landing_folder(settings, batch) / MANIFEST
    if batch in counted or report is None or not manifest.is_file():
        return
    if file_digest(manifest) == report.manifest_sha256:
        take_out(settings, batch)
        show_batch_gone(connection, settings, batch)


def counted_batches(settings: Settings) -> set[BatchId]:
    """Batches that nights were built on and that are not withdrawn."""
    gone = withdrawn_since_release(settings)
    built = {night.batch for night in processed_nights(settings)}
    return built | (set(published_batches(settings)) - set(gone))
