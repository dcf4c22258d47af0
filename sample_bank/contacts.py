"""Messages and calls of the bank to its customers that belong to no campaign.

A few customers get most of them: a year has 14 messages to a number on average and more than 350 to one.
"""

import numpy as np
import polars as pl

from sample_bank.columns import digits
from sample_bank.ownership import minutes_series
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Ints
from sample_bank.timeline import as_date
from sample_bank.world import World

DAYS_A_YEAR = 250
LEAST, TAIL, MOST = 4.0, 0.75, 365.0
"""Messages in a year follow a Pareto law: the least, its exponent, and the cap."""
PESTERED = 0.0005
"""Customers who get as many as there are."""
BATCHES_A_DAY = 14
CHANNELS = ("sms", "app", "call")
CHANNEL_SHARES = (0.9, 0.07, 0.03)
DELIVERED = 0.97


def messages_a_year(world: World, people: Customers) -> Ints:
    """How many messages each customer gets in a year, in thousandths."""
    draw = world.dice.uniform("messages-level", people.numbers)
    level = np.minimum(LEAST * (1 - draw) ** -TAIL, MOST)
    level = np.where(world.dice.chance("pestered", PESTERED, people.numbers), MOST, level)
    thousandths: Ints = np.rint(level * 1_000).astype(np.int64)
    return thousandths


def message_rows(world: World, people: Customers, levels: Ints, day: int) -> pl.DataFrame:
    """The contact_log extract of a business day."""
    dice, numbers = world.dice, people.numbers
    a_day = levels // DAYS_A_YEAR
    times = a_day // 1_000 + (dice.integer("message", 1_000, numbers, day) < a_day % 1_000)
    times = np.where(people.is_active(day), times, 0)
    places = np.repeat(np.arange(len(people)), times)
    serial = np.arange(len(places)) - np.repeat(np.cumsum(times) - times, times)
    number = numbers[places]
    channel = dice.pick("message-channel", CHANNEL_SHARES, number, day, serial)
    minutes = dice.between("message-minute", 8 * 60, 20 * 60, number, day, serial)
    stamp = as_date(day).strftime("%Y%m%d")
    batch = digits("batch_id", dice.integer("message-batch", BATCHES_A_DAY, number, day, serial), 2)
    return pl.DataFrame(
        {
            "contact_id": digits("contact_id", number + 1, 10, f"M{stamp}") + digits("serial", serial, 2),
            "customer_id": customer_ids("customer_id", number),
            "channel": pl.Series(CHANNELS).gather(channel),
            "batch_id": (f"B{stamp}" + batch).set(pl.Series(channel == CHANNELS.index("call")), None),
            "sent_at": minutes_series("sent_at", day * 1440 + minutes),
            "delivered": pl.Series(dice.chance("message-delivered", DELIVERED, number, day, serial)),
        }
    )
