"""Consents: what customers agreed to be contacted for, and what they took back."""

import numpy as np
import polars as pl

from sample_bank.ownership import minutes_series
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Ints
from sample_bank.timeline import NEVER, falls_on
from sample_bank.world import World

PURPOSES = (("marketing", 0.75), ("profiling", 0.4), ("do_not_contact", 0.01))
"""Purposes with the share of customers who agree; the last one is a refusal of every contact."""
WITHDRAWN = 0.06
LATE = 0.03
OPENING_MINUTE, WITHDRAWAL_MINUTE = 10 * 60, 16 * 60


class Consents:
    """The consents of a chunk of customers, one array element each; days are day numbers."""

    def __init__(self, world: World, people: Customers) -> None:
        dice, nights, numbers = world.dice, world.timeline.night_days, people.numbers
        held = [
            np.flatnonzero(dice.chance("consent", share, numbers, index))
            for index, (_, share) in enumerate(PURPOSES)
        ]
        self.people = people
        self.customer = np.concatenate(held)
        self.purpose = np.repeat(np.arange(len(PURPOSES)), [len(places) for places in held])
        number, opened = numbers[self.customer], people.opened[self.customer]
        night = nights[dice.integer("consent-night", len(nights), number, self.purpose)]
        is_late = dice.chance("consent-late", LATE, number, self.purpose)
        self.granted: Ints = np.where(is_late, np.maximum(opened, night), opened)
        takes_back = dice.chance("consent-back", WITHDRAWN, number, self.purpose) & ~is_late
        # half of them long ago, where there was time for it
        past = dice.chance("consent-back-past", 0.5, number, self.purpose)
        when = np.where(past, opened + dice.between("consent-days", 20, 2_000, number, self.purpose), night)
        self.withdrawn: Ints = np.where(takes_back & (when > opened), when, NEVER)

    def rows(self, day: int, previous: int) -> pl.DataFrame:
        """The consent extract: what was given or taken back since the last batch."""
        is_new = falls_on(self.granted, day, previous)
        changed = falls_on(self.withdrawn, day, previous) & (self.granted <= day)
        places = np.flatnonzero(is_new | changed)
        withdrawn = np.where(self.withdrawn <= day, self.withdrawn, NEVER)[places]
        codes = pl.Series([code for code, _ in PURPOSES])
        return pl.DataFrame(
            {
                "customer_id": customer_ids("customer_id", self.people.numbers[self.customer[places]]),
                "purpose": codes.gather(self.purpose[places]),
                "granted_at": minutes_series("granted_at", self.granted[places] * 1440 + OPENING_MINUTE),
                "withdrawn_at": minutes_series("withdrawn_at", withdrawn * 1440 + WITHDRAWAL_MINUTE),
                "op": pl.Series(np.where(is_new[places], "I", "U"), dtype=pl.String),
            }
        )

    def answers(self, last: int) -> pl.DataFrame:
        """Who may be contacted for what on the last night."""
        places = np.flatnonzero((self.granted <= last) & (self.withdrawn > last))
        codes = pl.Series([code for code, _ in PURPOSES])
        return pl.DataFrame(
            {
                "customer_id": customer_ids("customer_id", self.people.numbers[self.customer[places]]),
                "purpose_code": codes.gather(self.purpose[places]),
            }
        ).sort("customer_id", "purpose_code")
