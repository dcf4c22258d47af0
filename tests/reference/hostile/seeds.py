"""Which hostile banks are drawn.

One bank in every run of the tests, with few nights; it was chosen for what it has. ``make hostile SEEDS=1,2``
draws others, with all their nights.
"""

import os
from datetime import date

from tests.reference.hostile.bank import NIGHTS

_ASKED = os.environ.get("ACRM_HOSTILE_SEEDS")

SEEDS = [int(seed) for seed in (_ASKED or "4").split(",")]


def drawn_nights(few: list[date]) -> list[date]:
    """The nights of a bank: few in every run of the tests, else all."""
    return NIGHTS if _ASKED else few


def shows(found: object) -> bool:
    """Whether the bank has what a test wants to see; a bank of another seed may do without."""
    return bool(found) or _ASKED is not None
