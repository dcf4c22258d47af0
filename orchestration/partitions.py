"""Partitions: one per business date.

Put here: what a partition is. Keep out: which one runs when (``schedules.py``, ``sensors.py``).
"""

from datetime import date

import dagster as dg

from orchestration.settings import Settings
from orchestration.waiting import counting_batches

_EMPTY_WAREHOUSE_START = date(1990, 1, 1)


def business_dates(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Days of the bank's calendar from the first batch on, today's included.

    An empty warehouse starts early enough for any first batch.
    """
    first = min((batch.business_date for batch in counting_batches(settings)), default=_EMPTY_WAREHOUSE_START)
    return dg.DailyPartitionsDefinition(
        start_date=first.isoformat(), timezone=settings.bank.time_zone, end_offset=1
    )
