"""Electronic channels: who signed for which, and what they did in them."""

import numpy as np
import polars as pl

from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Ints
from sample_bank.timeline import NEVER, date_series, falls_on
from sample_bank.world import World

CHANNELS = (("mobile", 0.45), ("internet", 0.25), ("phone", 0.08))
"""Channels with the share of customers who sign for them."""
CANCELLED, LATE = 0.04, 0.02
USED_A_DAY = (0.2, 0.08, 0.01)
MOST_LOGINS = 4


class Channels:
    """The contracts of a chunk of customers for channels, one array element each."""

    def __init__(self, world: World, people: Customers) -> None:
        dice, nights, numbers = world.dice, world.timeline.night_days, people.numbers
        held = [
            np.flatnonzero(dice.chance("channel-signs", share, numbers, index))
            for index, (_, share) in enumerate(CHANNELS)
        ]
        self.world, self.people = world, people
        self.customer = np.concatenate(held)
        self.channel = np.repeat(np.arange(len(CHANNELS)), [len(places) for places in held])
        number, opened = numbers[self.customer], people.opened[self.customer]
        night = nights[dice.integer("channel-night", len(nights), number, self.channel)]
        is_late = dice.chance("channel-late", LATE, number, self.channel)
        after = opened + dice.between("channel-days", 0, 900, number, self.channel)
        first = int(nights[0])
        signed = np.where(is_late, night, np.minimum(after, first))
        self.signed: Ints = np.maximum(signed, opened)
        ends = dice.chance("channel-ends", CANCELLED, number, self.channel) & (night > self.signed)
        self.cancelled: Ints = np.where(ends, night, NEVER)

    def contract_rows(self, day: int, previous: int) -> pl.DataFrame:
        """The channel_contract extract: what was signed or cancelled since the last batch."""
        is_new = falls_on(self.signed, day, previous)
        changed = falls_on(self.cancelled, day, previous) & (self.signed <= day)
        places = np.flatnonzero(is_new | changed)
        outlets = self.world.org_of(self.people.home[self.customer[places]], day)
        return pl.DataFrame(
            {
                "customer_id": customer_ids("customer_id", self.people.numbers[self.customer[places]]),
                "channel_code": pl.Series([code for code, _ in CHANNELS]).gather(self.channel[places]),
                "sign_date": date_series("sign_date", self.signed[places]),
                "cancel_date": date_series(
                    "cancel_date", np.where(self.cancelled <= day, self.cancelled, NEVER)[places]
                ),
                "org_id": self.world.org_ids("org_id", outlets),
                "op": pl.Series(np.where(is_new[places], "I", "U"), dtype=pl.String),
            }
        )

    def usage_rows(self, day: int) -> pl.DataFrame:
        """The channel_usage extract of a business day."""
        dice = self.world.dice
        number = self.people.numbers[self.customer]
        used = dice.chance("channel-used", np.array(USED_A_DAY)[self.channel], number, self.channel, day)
        used &= (self.signed <= day) & (self.cancelled > day) & self.people.is_active(day)[self.customer]
        places = np.flatnonzero(used)
        number, channel = number[places], self.channel[places]
        logins = dice.between("channel-logins", 1, MOST_LOGINS, number, channel, day)
        txns = dice.integer("channel-txns", MOST_LOGINS, number, channel, day)
        return pl.DataFrame(
            {
                "customer_id": customer_ids("customer_id", number),
                "channel_code": pl.Series([code for code, _ in CHANNELS]).gather(channel),
                "usage_date": date_series("usage_date", np.full(len(places), day)),
                "logins": pl.Series("logins", logins).cast(pl.Int32),
                "txns": pl.Series("txns", np.minimum(txns, logins)).cast(pl.Int32),
            }
        )

    def answers(self, last: int) -> pl.DataFrame:
        """Who is signed up for what on the last night."""
        places = np.flatnonzero((self.signed <= last) & (self.cancelled > last))
        return pl.DataFrame(
            {
                "customer_id": customer_ids("customer_id", self.people.numbers[self.customer[places]]),
                "channel_code": pl.Series([code for code, _ in CHANNELS]).gather(self.channel[places]),
            }
        ).sort("customer_id", "channel_code")
