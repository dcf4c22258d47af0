"""Which last days of months are built before a night, in which order.

What dbt is shown of each is :mod:`orchestration.closing`.
"""

from collections.abc import Callable

from orchestration.closing import (
    keep_told_later,
    note_closed,
    note_computed_anew,
    show_again,
    show_closing,
    show_night,
)
from orchestration.ingestion.lake import lake_batches
from orchestration.plan import Closing, Night, highest_sequences
from orchestration.settings import Settings
from orchestration.warehouse import open_database, transaction


def close_months(settings: Settings, night: Night, build: Callable[[Closing], None]) -> None:
    """Build the last days of the months that the night's batch closes, and show dbt the night again.

    They are those that ended without a batch since the night before; and the night before itself, if it
    ended a month of which the batch tells more.

    Args:
        build: Builds and checks one of them, once dbt is shown what it is made of.
    """
    before = _night_to_compute_anew(settings, night)
    again = before.closings_again if before else []
    with open_database(settings) as connection:
        note_closed(connection, night, [*again[-1:], *night.closings])
    for told_by, closing in [*((before, day) for day in again), *((night, day) for day in night.closings)]:
        assert told_by is not None, "days are computed anew of a night before"
        with open_database(settings) as connection, transaction(connection):
            if closing.own is None:
                show_closing(connection, settings, told_by, closing)
            else:
                show_again(connection, settings, closing)
        build(closing)
    if again or night.closings:
        with open_database(settings) as connection, transaction(connection):
            show_night(connection, settings, night)


def _night_to_compute_anew(settings: Settings, night: Night) -> Night | None:
    """The night before, if it ended a month and the batch tells what happened in it."""
    last_day = night.ends_month_of
    if last_day is None:
        return None
    with open_database(settings) as connection, transaction(connection):
        if not keep_told_later(connection, settings, night):
            return None
        note_computed_anew(connection, last_day)
        (earlier,) = connection.execute(
            "select max(business_date) from pipeline.night where business_date < ?", [last_day]
        ).fetchone() or (None,)
    return Night(highest_sequences(lake_batches(settings))[last_day], earlier)
