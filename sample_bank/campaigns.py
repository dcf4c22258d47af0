"""Campaigns, one a month: whom they choose, whom they leave out, how they are answered and what they bring.

The effect is planted: in two campaigns of three those reached for buy more often than the control group, in
the third they do not. Every fifth campaign has no control group.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from sample_bank.catalogue import PRODUCTS
from sample_bank.columns import digits, money
from sample_bank.ownership import minutes_series
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import NEVER, date_series, day_number, earlier_month, is_business_day, next_month
from sample_bank.wealth import CENTS
from sample_bank.world import HEAD_OFFICE, World

HISTORY_MONTHS = 12
TYPES = ("fund", "insurance", "wealth_management", "deposit")
CONTACTS = (("sms", "mobile"), ("app", "mobile"), ("call", "phone"))
"""Channel of the contact log and channel of the bank."""
CHOSEN, CONTROL = 0.4, 0.2
CONVERTS, CONVERTS_ANYWAY = 0.15, 0.06
REACHED, OPENS, CLICKS, DECLINES = 0.92, 0.4, 0.5, 0.1
LONGEST_WAIT = 20
LENGTH_DAYS = 27
EVENTS = ("delivered", "opened", "clicked", "declined", "purchase")
DELIVERED, OPENED, CLICKED, DECLINED, PURCHASE = range(len(EVENTS))


@dataclass(frozen=True)
class Campaign:
    """One campaign; ``number`` counts months since 1970, days are day numbers."""

    number: int
    start: int

    @property
    def campaign_id(self) -> str:
        """Identifier of the campaign."""
        return f"K{1970 + self.number // 12}{self.number % 12 + 1:02d}"

    @property
    def chosen_on(self) -> int:
        """Day on which the customers are chosen."""
        return self.start - 1

    @property
    def end(self) -> int:
        """Last day."""
        return self.start + LENGTH_DAYS

    @property
    def kind(self) -> str:
        """What it is for."""
        return TYPES[self.number % len(TYPES)]

    @property
    def contact(self) -> tuple[str, str]:
        """How it reaches for customers."""
        return CONTACTS[self.number % len(CONTACTS)]

    @property
    def has_effect(self) -> bool:
        """Whether reaching for customers makes more of them buy."""
        return self.number % 3 != 0

    @property
    def has_control(self) -> bool:
        """Whether some are left out to compare."""
        return self.number % 5 != 4

    @property
    def products(self) -> list[str]:
        """Codes of the products that it sells."""
        line = {"deposit": "savings"}.get(self.kind, self.kind)
        codes = [product.code for product in PRODUCTS if product.line == line and product.currency == "CNY"]
        return codes[-2:]


def campaigns_of(world: World) -> list[Campaign]:
    """Every campaign from a year before the first night on."""
    timeline = world.timeline
    month = earlier_month(timeline.months[timeline.first_night_month], HISTORY_MONTHS)
    found = []
    while month <= timeline.months[-1]:
        found.append(Campaign(month.year * 12 + month.month - 1 - 1970 * 12, _start(month)))
        month = next_month(month)
    return found


def _start(month: date) -> int:
    """The third business day of a month: chosen, told and begun within it."""
    days = [d for d in range(day_number(month), day_number(next_month(month))) if _is_open(d)]
    return days[2]


def _is_open(day: int) -> bool:
    return is_business_day(date.fromordinal(day + date(1970, 1, 1).toordinal()))


def campaign_rows(world: World, found: list[Campaign], day: int, previous: int) -> pl.DataFrame:
    """The campaign extract: campaigns whose customers were chosen since the last batch."""
    told = [campaign for campaign in found if previous < campaign.chosen_on <= day]
    cost = [20_000 + world.dice.one("campaign-cost", 180_000, campaign.number) for campaign in told]
    return pl.DataFrame(
        {
            "campaign_id": pl.Series([c.campaign_id for c in told], dtype=pl.String),
            "campaign_type": pl.Series([c.kind for c in told], dtype=pl.String),
            "start_date": date_series("start_date", np.array([c.start for c in told], dtype=np.int64)),
            "end_date": date_series("end_date", np.array([c.end for c in told], dtype=np.int64)),
            "cost": money("cost", np.array(cost, dtype=np.int64) * CENTS),
            "org_id": pl.Series([HEAD_OFFICE] * len(told), dtype=pl.String),
            "channel_code": pl.Series([c.contact[1] for c in told], dtype=pl.String),
            "op": pl.Series(["I"] * len(told), dtype=pl.String),
        }
    )


def campaign_product_rows(found: list[Campaign], day: int, previous: int) -> pl.DataFrame:
    """The campaign_product extract."""
    told = [c for c in found if previous < c.chosen_on <= day]
    rows = [(c.campaign_id, code, "I") for c in told for code in c.products]
    schema = {"campaign_id": pl.String(), "product_code": pl.String(), "op": pl.String()}
    return pl.DataFrame(rows, schema=schema, orient="row")


class Targets:
    """The customers of a chunk whom one campaign chose, one array element each; days are day numbers.

    Attributes:
        contacted: Day on which the customer is reached for; :data:`NEVER` in the control group.
        bought: Day of the purchase; :data:`NEVER` where there is none.
    """

    def __init__(self, world: World, people: Customers, campaign: Campaign) -> None:
        dice, key = world.dice, campaign.number
        self.world, self.people, self.campaign = world, people, campaign
        fit = ~people.is_corporate & ~people.is_fleeting & (people.opened < campaign.chosen_on)
        self.places = np.flatnonzero(fit & dice.chance("campaign-chosen", CHOSEN, people.numbers, key))
        number = self.number = people.numbers[self.places]
        self.is_control: Bools = dice.chance("campaign-control", CONTROL, number, key)
        self.is_control &= campaign.has_control
        contacted = campaign.start + dice.integer("campaign-contact", 4, number, key)
        self.contacted: Ints = np.where(self.is_control, NEVER, contacted)
        self.is_reached: Bools = ~self.is_control & dice.chance("campaign-reached", REACHED, number, key)
        share = np.where(~self.is_control & campaign.has_effect, CONVERTS, CONVERTS_ANYWAY)
        buys = dice.chance("campaign-buys", share, number, key)
        begins = np.where(self.is_control, campaign.start, contacted)
        wait = dice.between("campaign-wait", 1, LONGEST_WAIT, number, key)
        self.bought: Ints = np.where(buys, begins + wait, NEVER)
        self.amount: Ints = dice.between("campaign-amount", 1_000, 50_000, number, key) * CENTS

    def target_rows(self) -> pl.DataFrame:
        """The campaign_target extract of the night after the choice."""
        count = len(self.places)
        chosen = np.full(count, self.campaign.chosen_on * 1440 + 10 * 60)
        return pl.DataFrame(
            {
                "campaign_id": pl.Series([self.campaign.campaign_id]).new_from_index(0, count),
                "customer_id": customer_ids("customer_id", self.number),
                "test_group": pl.Series(["target", "control"]).gather(self.is_control.astype(np.int64)),
                "selected_at": minutes_series("selected_at", chosen),
            }
        )

    def contact_rows(self, day: int, previous: int) -> pl.DataFrame:
        """The campaign's part of the contact_log extract."""
        at = np.flatnonzero((self.contacted > previous) & (self.contacted <= day))
        minutes = self.contacted[at] * 1440 + 9 * 60
        minutes += self.world.dice.integer("campaign-minute", 600, self.number[at], self.campaign.number)
        campaign = pl.Series("campaign_id", [self.campaign.campaign_id]).new_from_index(0, len(at))
        return pl.DataFrame(
            {
                "contact_id": digits("contact_id", self.number[at] + 1, 10, f"C{self.campaign.campaign_id}"),
                "customer_id": customer_ids("customer_id", self.number[at]),
                "channel": pl.Series([self.campaign.contact[0]]).new_from_index(0, len(at)),
                "campaign_id": campaign,
                "sent_at": minutes_series("sent_at", minutes),
                "delivered": pl.Series(self.is_reached[at]),
            }
        )

    def response_rows(self, day: int, previous: int) -> pl.DataFrame:
        """The campaign_response extract: what happened since the last batch."""
        dice, key, number = self.world.dice, self.campaign.number, self.number
        opens = self.is_reached & dice.chance("campaign-opens", OPENS, number, key)
        clicks = opens & dice.chance("campaign-clicks", CLICKS, number, key)
        declines = opens & ~clicks & (self.bought == NEVER)
        declines &= dice.chance("campaign-declines", DECLINES, number, key)
        days = (
            np.where(self.is_reached, self.contacted, NEVER),
            np.where(opens, self.contacted, NEVER),
            np.where(clicks, self.contacted + 1, NEVER),
            np.where(declines, self.contacted + 1, NEVER),
            self.bought,
        )
        held = [np.flatnonzero((when > previous) & (when <= day)) for when in days]
        at = np.concatenate(held)
        event = np.repeat(np.arange(len(EVENTS)), [len(places) for places in held])
        when = np.concatenate([when[places] for when, places in zip(days, held, strict=True)])
        # delivered after the contact is sent, opened after that; the latest contact goes out before 19:00
        minutes = when * 1440 + 20 * 60 + event * 10
        products = self.campaign.products
        code = dice.integer("campaign-product", len(products), number[at], key)
        is_purchase = pl.Series(event == PURCHASE)
        return pl.DataFrame(
            {
                "response_id": digits("response_id", number[at] + 1, 10, f"A{self.campaign.campaign_id}")
                + digits("event", event, 1),
                "campaign_id": pl.Series([self.campaign.campaign_id]).new_from_index(0, len(at)),
                "customer_id": customer_ids("customer_id", number[at]),
                "event_type": pl.Series(EVENTS).gather(event),
                "event_at": minutes_series("event_at", minutes),
                "product_code": pl.Series(products).gather(code).set(~is_purchase, None),
                "amount": money("amount", self.amount[at]).set(~is_purchase, None),
            }
        )

    def answers(self, last: int) -> pl.DataFrame:
        """Group, contact and planted purchase of everybody chosen, as of the last night."""
        bought = np.where(self.bought <= last, self.bought, NEVER)
        contacted = np.where(self.contacted <= last, self.contacted, NEVER)
        amount = money("amount", self.amount).set(pl.Series(bought == NEVER), None)
        return self.target_rows().select(
            "campaign_id",
            "customer_id",
            pl.col("test_group").alias("test_group_code"),
            pl.Series("is_reached", self.is_reached & (contacted < NEVER)),
            date_series("first_contact_date", contacted),
            date_series("converted_date", bought),
            amount,
            pl.lit(self.campaign.has_effect).alias("has_planted_effect"),
        )
