"""What has arrived, what was run, what is published, and so which nights are waiting.

Put here: reading where a warehouse stands. Keep out: deciding (``plan.py``) and running (``night.py``).
"""

from datetime import date

import duckdb

from orchestration.errors import Fault
from orchestration.ingestion.lake import before_initial_load, lake_batches
from orchestration.ingestion.landing import landed_batches, required_batches
from orchestration.plan import Night, Processed, nights_to_run
from orchestration.publication.catalog import read_catalog
from orchestration.publication.release import current_release
from orchestration.settings import BatchId, Settings


def available_batches(settings: Settings) -> list[BatchId]:
    """Complete batches in landing and lake, each once, without those that no run takes.

    Raises:
        BadBatchError: A delivery is in landing of which nobody can tell which batch it is.
    """
    batches = {*required_batches(settings), *lake_batches(settings)}
    return sorted(batches - early_batches(settings).keys())


def early_batches(settings: Settings) -> dict[BatchId, Fault]:
    """Landed batches that are dated before the initial load. No run takes them, and none waits for them."""
    in_lake = lake_batches(settings)
    first = min(in_lake, default=None)
    found = {
        batch: before_initial_load(settings, batch, in_lake)
        for batch in landed_batches(settings)
        if first is not None and batch.business_date < first.business_date
    }
    return {batch: fault for batch, fault in sorted(found.items()) if fault is not None}


def processed_nights(settings: Settings) -> list[Processed]:
    """Nights that the build database holds; none if it was thrown away."""
    if not settings.database.exists():
        return []
    # read-only: whoever looks changes nothing, and others may look at the same time
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        try:
            rows = connection.execute(
                "select business_date, sequence, has_state from pipeline.night order by business_date"
            ).fetchall()
        except duckdb.CatalogException:
            return []
    return [Processed(BatchId(row[0], row[1]), row[2]) for row in rows]


def published_batches(settings: Settings) -> list[BatchId]:
    """Batches that the current release rests on; none before the first publication."""
    current = current_release(settings)
    catalog = None if current is None else read_catalog(current.folder)
    if catalog is None:
        return []
    return [BatchId(batch.business_date, batch.sequence) for batch in catalog.batches]


def planned_nights(
    settings: Settings, *, until: date | None = None, again: date | None = None
) -> list[Night]:
    """The nights that a run would take, in order; see :func:`orchestration.night.run_waiting`."""
    available = [
        batch for batch in available_batches(settings) if until is None or batch.business_date <= until
    ]
    return nights_to_run(available, processed_nights(settings), published_batches(settings), again)
