"""``acrm withdraw``: takes a batch out again; the next run comes out as if it had never come.

Put here: what a withdrawal does, and when it is refused. Keep out: the log (``ingestion/audit.py``), and
which nights run after it (``plan.py``).

The landed folder stays as the bank sent it and no longer counts. The log is written first: after a kill the
batch counts nowhere, and the same command, or the next run, clears up what is left.
"""

import shutil
from datetime import UTC, datetime

from orchestration.errors import AcrmError, ExitCode, NotFoundError
from orchestration.ingestion.audit import Withdrawal, note, user_of_process, withdrawn
from orchestration.ingestion.lake import lake_batches, note_withdrawn, read_report, take_out
from orchestration.ingestion.landing import landing_folder
from orchestration.ingestion.manifest import MANIFEST, file_digest
from orchestration.ingestion.refusals import forget_refusal
from orchestration.lock import writer_lock
from orchestration.publication.quality import CHECK_RESULT
from orchestration.settings import BatchId, Settings
from orchestration.sql import fill, name
from orchestration.waiting import forget_noted_nights, note_nights, processed_nights, published_batches
from orchestration.warehouse import open_database, show_batch_gone, tables


class NotAllowedError(AcrmError):
    """The batch cannot be taken out by itself."""

    exit_code = ExitCode.USAGE


def withdraw(settings: Settings, batch: BatchId, reason: str, by: str | None = None) -> Withdrawal:
    """Take a batch out of the lake, and have its landed folder count no longer.

    Args:
        by: Who says so; without it, the user whom this process runs as.

    Raises:
        NotFoundError: It is neither in landing nor in the lake, or was withdrawn before.
        NotAllowedError: It is the first batch, and those after it rest on it.
        ConfigurationError: Nobody can tell who says so.
        BusyError: A run is writing.
    """
    with writer_lock(settings):
        # clears up after a kill first: what the log says is done
        clear_withdrawn(settings)
        said = withdrawn(settings)
        in_lake = lake_batches(settings)
        landed = landing_folder(settings, batch) / MANIFEST
        checksums = [report.manifest_sha256 for report in [read_report(settings, batch)] if report]
        if landed.is_file():
            checksums.append(file_digest(landed))
        waiting = [checksum for checksum in dict.fromkeys(checksums) if (batch, checksum) not in said]
        if not waiting:
            told = "it was withdrawn before" if checksums else "it is neither in landing nor in the lake"
            raise NotFoundError(f"{batch}: {told}. See acrm status.")
        _require_nothing_rests_on(settings, batch, in_lake)
        entries = [
            Withdrawal(
                business_date=str(batch.business_date),
                sequence=batch.sequence,
                manifest_sha256=checksum,
                at=datetime.now(UTC).astimezone(),
                by=by or user_of_process(),
                reason=reason,
            )
            for checksum in waiting
        ]
        for entry in entries:
            note(settings, entry)
        clear_withdrawn(settings)
        forget_refusal(settings, batch)
    return entries[0]


def clear_withdrawn(settings: Settings) -> None:
    """Take out of the lake what the log says is withdrawn; only the writer may call this."""
    said = withdrawn(settings)
    for batch in lake_batches(settings) if said else ():
        report = read_report(settings, batch)
        if report is not None and (batch, report.manifest_sha256) in said:
            if batch in published_batches(settings):
                note_withdrawn(settings, batch)
            _take_back_nights(settings, batch)
            _forget_found(settings, batch)
            # last: until then a kill leaves it to be done again
            take_out(settings, batch)
            _show_gone(settings, batch)


def _take_back_nights(settings: Settings, batch: BatchId) -> None:
    """Have the nights wait again that were built on a batch, and those after them."""
    if batch in {night.batch for night in processed_nights(settings)}:
        forget_noted_nights(settings)
        with open_database(settings) as connection:
            connection.execute(
                "delete from pipeline.night where business_date >= $day", {"day": batch.business_date}
            )
        note_nights(settings)


def _forget_found(settings: Settings, batch: BatchId) -> None:
    """Drop what was found in a batch: releases publish the checks of every night."""
    for folder in (settings.quality, settings.quarantine):
        shutil.rmtree(folder / batch.folder, ignore_errors=True)
    if settings.database.exists():
        with open_database(settings) as connection:
            if (CHECK_RESULT.schema_name, CHECK_RESULT.name) in tables(connection):
                connection.execute(
                    fill(
                        "delete from {results} where business_date = $day and sequence = $sequence",
                        results=name(CHECK_RESULT.schema_name, CHECK_RESULT.name),
                    ),
                    {"day": batch.business_date, "sequence": batch.sequence},
                )


def _show_gone(settings: Settings, batch: BatchId) -> None:
    """Have the build database show nothing of a batch that was taken out."""
    if settings.database.exists():
        with open_database(settings) as connection:
            show_batch_gone(connection, settings, batch)


def _require_nothing_rests_on(settings: Settings, batch: BatchId, in_lake: list[BatchId]) -> None:
    following = min((other for other in in_lake if other != batch), default=None)
    if batch not in in_lake or following is None or following.business_date <= batch.business_date:
        return
    report = read_report(settings, following)
    if report is not None and not report.is_initial:
        raise NotAllowedError(
            f"{batch} is the first, and {following} brings only what has changed since. Withdraw those after "
            "it first, from the last one on; or have the first sent again with a higher sequence."
        )
