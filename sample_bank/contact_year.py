"""A year of contacts that adds up to published figures: sendings, contacts, customers, the most of one.

Put here: who gets how many contacts of which sending on which day. Keep out: the figures (``profile.py``).
"""

from dataclasses import dataclass
from datetime import date
from math import gcd

import numpy as np
import polars as pl

from sample_bank.campaigns import TYPES
from sample_bank.columns import digits, money
from sample_bank.ownership import minutes_series
from sample_bank.people import Customers, customer_ids, customers_of
from sample_bank.profile import Contacts, ContactYear
from sample_bank.rng import Ints
from sample_bank.timeline import as_date, date_series, day_number, is_business_day
from sample_bank.wealth import CENTS, Wealth
from sample_bank.world import HEAD_OFFICE, World

GOLDEN = 0.618
"""Share of all sendings between two contacts of a customer: his contacts lie apart, whatever their number."""
COST = 20_000
"""Of a campaign, yuan."""


class TooFewCustomersError(ValueError):
    """The bank has fewer customers than the figures want contacted."""


@dataclass(frozen=True)
class Sendings:
    """One kind of sending and its contacts, in an order in which those of a customer stand together.

    Attributes:
        prefix: Beginning of identifiers.
        channel: Channel of the contact log.
        days: Day of each sending, day numbers.
        customers: Number of the customer of each contact.
        sending: Number of the sending of each contact.
    """

    prefix: str
    channel: str
    days: Ints
    customers: Ints
    sending: Ints

    def names(self, sendings: Ints) -> pl.Series:
        """Identifiers of sendings."""
        return digits("sending", sendings + 1, 5, f"{self.prefix}F")

    def of(self, people: Customers, day: int, previous: int) -> Ints:
        """Contacts of a chunk's customers since the last batch."""
        first, last = int(people.numbers[0]), int(people.numbers[-1])
        on = self.days[self.sending]
        mine = (self.customers >= first) & (self.customers <= last)
        return np.flatnonzero(mine & (on > previous) & (on <= day))


class YearOfContacts:
    """The contacts of a whole bank."""

    def __init__(self, world: World, wealth: Wealth, customers: int, figures: ContactYear) -> None:
        last = int(world.timeline.night_days[-1])
        self._world = world
        self._first = day_number(date(as_date(last).year, 1, 1))
        days = [day for day in range(self._first, last + 1) if is_business_day(as_date(day))]
        self._days = np.array(days, dtype=np.int64)
        people = customers_of(world, wealth, np.arange(customers))
        fit = people.numbers[~people.is_corporate & ~people.is_fleeting & (people.opened < self._first)]
        self.campaigns = self._sendings("K", "app", figures.campaigns, fit)
        self.messages = self._sendings("B", "sms", figures.messages, fit)

    def _sendings(self, prefix: str, channel: str, figures: Contacts, fit: Ints) -> Sendings:
        if len(fit) < figures.customers:
            raise TooFewCustomersError(
                f"{figures.customers:,} customers are contacted, and {len(fit):,} are with the bank all year"
            )
        drawn = np.argsort(self._world.dice.bits(f"contact-year-{channel}", fit), kind="stable")
        chosen = np.sort(fit[drawn[: figures.customers]])
        places = np.argsort(self._world.dice.bits(f"contact-times-{channel}", chosen), kind="stable")
        times = counts(figures)[places]
        step = round(GOLDEN * figures.sendings)
        while gcd(step, figures.sendings) > 1:
            step += 1
        days = self._days[np.arange(figures.sendings) * len(self._days) // figures.sendings]
        sending = np.arange(figures.contacts) * step % figures.sendings
        return Sendings(prefix, channel, days, np.repeat(chosen, times), sending)

    def contact_rows(self, people: Customers, day: int, previous: int) -> pl.DataFrame:
        """The contact_log extract of a night."""
        frames = []
        for sendings in (self.campaigns, self.messages):
            at = sendings.of(people, day, previous)
            minutes = sendings.days[sendings.sending[at]] * 1440 + 9 * 60 + at % 600
            named, none = sendings.names(sendings.sending[at]), pl.Series([None] * len(at), dtype=pl.String)
            frames.append(
                pl.DataFrame(
                    {
                        "contact_id": digits("contact_id", at + 1, 10, f"{sendings.prefix}F"),
                        "customer_id": customer_ids("customer_id", sendings.customers[at]),
                        "channel": pl.Series([sendings.channel]).new_from_index(0, len(at)),
                        "campaign_id": named if sendings is self.campaigns else none,
                        "batch_id": none if sendings is self.campaigns else named,
                        "sent_at": minutes_series("sent_at", minutes),
                        "delivered": pl.Series([True]).new_from_index(0, len(at)),
                    }
                )
            )
        return pl.concat(frames)

    def target_rows(self, people: Customers, day: int, previous: int) -> pl.DataFrame:
        """The campaign_target extract: everybody contacted was chosen the evening before."""
        at = self.campaigns.of(people, day, previous)
        chosen = self.campaigns.days[self.campaigns.sending[at]] * 1440 - 4 * 60
        return pl.DataFrame(
            {
                "campaign_id": self.campaigns.names(self.campaigns.sending[at]),
                "customer_id": customer_ids("customer_id", self.campaigns.customers[at]),
                "test_group": pl.Series(["target"]).new_from_index(0, len(at)),
                "selected_at": minutes_series("selected_at", chosen),
            }
        )

    def campaign_rows(self, day: int, previous: int) -> pl.DataFrame:
        """The campaign extract: a campaign is told on the day on which it begins, and lasts for it."""
        told = np.flatnonzero((self.campaigns.days > previous) & (self.campaigns.days <= day))
        days = self.campaigns.days[told]
        return pl.DataFrame(
            {
                "campaign_id": self.campaigns.names(told),
                "campaign_type": pl.Series(TYPES).gather(told % len(TYPES)),
                "start_date": date_series("start_date", days),
                "end_date": date_series("end_date", days),
                "cost": money("cost", np.full(len(told), COST * CENTS, dtype=np.int64)),
                "org_id": pl.Series([HEAD_OFFICE]).new_from_index(0, len(told)),
                "channel_code": pl.Series(["mobile"]).new_from_index(0, len(told)),
                "op": pl.Series(["I"]).new_from_index(0, len(told)),
            }
        )


def counts(figures: Contacts) -> Ints:
    """Contacts of each customer, the most first: few get many, and all add up to the figures.

    The k-th customer gets ``1 + a / k**b`` contacts, rounded down, with the ``b`` at which the sum comes next
    below the figures; what is missing then goes, one each, to those with the fewest.
    """
    rank = np.arange(1, figures.customers + 1, dtype=np.float64)

    def drawn(exponent: float) -> Ints:
        return 1 + np.floor((figures.most - 1) / rank**exponent).astype(np.int64)

    low, high = 0.0, 4.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if drawn(middle).sum() > figures.contacts else (low, middle)
    times = drawn(high)
    missing = figures.contacts - int(times.sum())
    if not 0 <= missing < figures.customers:
        raise ValueError(f"no such spread of contacts: {figures}")
    times[figures.customers - missing :] += 1
    return times
