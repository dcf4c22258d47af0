"""Which deliveries may count at all, judged by their names and by what is known without reading a clock.

Put here: bounds of sequence and business date. Keep out: what is in a batch (``manifest.py``, the gates).

A date or number beyond every other would set all nights back or stop them. It is refused before anything of
it is read, and no other batch waits for it.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from itertools import pairwise

from orchestration.errors import Fault
from orchestration.settings import BatchId

LAST_SEQUENCE = 9999
"""A number above it is a time stamp or a slip; nobody sends a day ten thousand times."""

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Business dates lie between them, so that a month before and after can always be told."""

_CODE = "batch_out_of_bounds"
_REMEDY = "Take it out of landing and have it sent under its own date and sequence; nothing else waits for it"


def out_of_bounds(batch: BatchId) -> Fault | None:
    """What is wrong with a batch's sequence or date, whatever else was delivered."""
    if not 1 <= batch.sequence <= LAST_SEQUENCE:
        what = f"{batch} was not read: a sequence is a number from 1 to {LAST_SEQUENCE}"
    elif not FIRST_DAY <= batch.business_date <= LAST_DAY:
        what = f"{batch} was not read: a business date lies from {FIRST_DAY} to {LAST_DAY}"
    else:
        return None
    return Fault(_CODE, what, _REMEDY)


def far_off(
    landed: Iterable[BatchId], in_lake: Collection[BatchId], longest_gap_days: int
) -> dict[BatchId, Fault]:
    """Landed batches that no chain of batches leads to from one that was admitted.

    Two neighbours of a chain are at most so many days apart. While nothing is admitted, the longest chain
    counts, of two equally long ones the earlier.
    """
    waiting = [batch for batch in landed if batch not in in_lake]
    days = sorted({batch.business_date for batch in (*waiting, *in_lake)})
    if not days:
        return {}
    gap = timedelta(longest_gap_days)
    chains = [[days[0]]]
    for earlier, later in pairwise(days):
        if later - earlier > gap:
            chains.append([])
        chains[-1].append(later)
    admitted = {batch.business_date for batch in in_lake}
    if admitted:
        near = {day for chain in chains if admitted & set(chain) for day in chain}
        others = admitted
    else:
        longest = max(len(chain) for chain in chains)
        near = set(next(chain for chain in chains if len(chain) == longest))
        others = near
    return {
        batch: _far(batch, others, longest_gap_days) for batch in waiting if batch.business_date not in near
    }


def _far(batch: BatchId, others: Collection[date], longest_gap_days: int) -> Fault:
    nearest = min(others, key=lambda day: abs(day - batch.business_date))
    days = abs((batch.business_date - nearest).days)
    what = (
        f"{batch} was not read: it is {days} days from the nearest batch, of {nearest}, and longest_gap_days "
        f"of bank.yml is {longest_gap_days}"
    )
    return Fault(_CODE, what, f"{_REMEDY}. If the date is right, raise the setting")
