"""Whether a batch that has been read is fit to load: gate 1, for the night and for ``acrm validate``.

Put here: the order of what gate 1 does. Keep out: the checks (``expectations/suites``), the screening of rows
(``screening/screen.py``), what becomes of a batch that is not fit (``night.py``).
"""

from typing import TYPE_CHECKING

import duckdb

from orchestration.errors import BadBatchError, Fault
from orchestration.ingestion.lake import BatchReport, lake_batches, read_report
from orchestration.plan import Night, highest_sequences
from orchestration.screening.screen import screen_batch
from orchestration.settings import Settings

if TYPE_CHECKING:
    from expectations.results import GateResult


def judge_batch(
    settings: Settings, connection: duckdb.DuckDBPyConnection, night: Night, report: BatchReport
) -> "GateResult":
    """Screen the rows of a batch and check it.

    Args:
        settings: The warehouse.
        connection: Shows the night, by :func:`orchestration.warehouse.prepare_night`.
        night: The night.
        report: What ingestion said of its batch.

    Raises:
        BadBatchError: A business day before has no batch.
    """
    # Great Expectations takes seconds to import: only where a gate runs
    from expectations.gate import fit_to_load

    require_earlier_batches(connection, night)
    screening = screen_batch(settings, night.batch, connection)
    before = _report_before(settings, night)
    return fit_to_load(connection, settings, night.batch, report, before, screening)


def _report_before(settings: Settings, night: Night) -> BatchReport | None:
    if night.previous is None:
        return None
    counting = highest_sequences(lake_batches(settings))
    return read_report(settings, counting[night.previous])


def require_earlier_batches(connection: duckdb.DuckDBPyConnection, night: Night) -> None:
    """Have a batch for every business day since the night before.

    Raises:
        BadBatchError: A business day before has none.
    """
    if night.previous is None:
        return
    missing = connection.execute(
        "select calendar_date from lake.calendar where is_business_day and calendar_date > ?"
        " and calendar_date < ? order by 1",
        [night.previous, night.batch.business_date],
    ).fetchall()
    if missing:
        raise BadBatchError(
            [
                Fault(
                    "earlier_batch_missing",
                    f"the calendar calls {day} a business day, and no batch of it is complete",
                    f"Deliver the batch of {day}, then run again; {night.batch} stays waiting",
                    table="calendar",
                )
                for (day,) in missing
            ]
        )
