"""The front office: opportunities from stage to stage, and visits."""

import numpy as np
import polars as pl

from sample_bank.columns import digits, money, rates
from sample_bank.ownership import minutes_series
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import NEVER, as_date, date_series
from sample_bank.wealth import CENTS
from sample_bank.world import STAFF_PER_OUTLET, World

STAGES = (
    ("lead", 50_000), ("contacted", 150_000), ("qualified", 300_000), ("proposal", 500_000),
    ("negotiation", 700_000), ("won", 1_000_000), ("lost", 0),
)  # fmt: skip
"""Stages in order with the stated probability, millionths."""
WON, LOST = 5, 6
HISTORY_DAYS = 300
PAST_VISIT_DAYS = 90
HAS_OPPORTUNITY = (0.6, 0.15)
"""Share of corporates and of persons with a manager who have an opportunity."""
WINS = 0.35
GAPS = (2, 25)
"""Least and most days in a stage."""
VISITED_A_DAY = (0.03, 0.004)
"""Share of corporates and of persons with a manager who are visited on a business day."""
HAS_LOCATION = 0.8
PURPOSES = ("贷后检查", "产品推介", "客户回访", "其他")
SEATS = (4, 5)
"""Places of an outlet whose managers neither move nor leave."""
MINUTE, SPAN = 9 * 60, 8 * 60


def _looked_after(world: World, people: Customers) -> Bools:
    """Customers with a manager."""
    rich = people.wealth >= int(world.profile.habits.assigned_from * CENTS)
    with_manager: Bools = (people.is_corporate | rich) & ~people.is_fleeting
    return with_manager


def _managers(world: World, people: Customers, places: Ints) -> pl.Series:
    """Identifier of the manager of each of some customers: one of the outlet's."""
    home = people.home[places]
    home = np.where(home == world.merged, world.merged - 1, home)
    seat = world.dice.integer("front-seat", len(SEATS), people.numbers[places])
    return digits("owner_id", home * STAFF_PER_OUTLET + np.array(SEATS)[seat] + 1, 6, "E")


class Opportunities:
    """At most one opportunity for each customer of a chunk, one array row each.

    Attributes:
        days: Day on which each stage is entered; :data:`NEVER` where it is not.
    """

    def __init__(self, world: World, people: Customers) -> None:
        dice, last = world.dice, int(world.timeline.night_days[-1])
        self.world, self.people = world, people
        has = _looked_after(world, people)
        share = np.where(people.is_corporate, *HAS_OPPORTUNITY)
        has &= dice.chance("opportunity", share, people.numbers)
        start = last - dice.integer("opportunity-start", HISTORY_DAYS, people.numbers)
        self.places = np.flatnonzero(has & (people.opened < start))
        number = self.number = people.numbers[self.places]
        self.start: Ints = start[self.places]
        gaps = dice.between("opportunity-gap", *GAPS, number[:, None], np.arange(WON)[None, :])
        entered = np.concatenate([self.start[:, None], self.start[:, None] + np.cumsum(gaps, axis=1)], axis=1)
        lost_after = dice.integer("opportunity-lost", WON, number)
        is_lost = ~dice.chance("opportunity-wins", WINS, number)
        reached = np.arange(WON + 1)[None, :] <= np.where(is_lost, lost_after, WON)[:, None]
        lost = np.where(is_lost, entered[np.arange(len(number)), lost_after + 1], NEVER)
        self.days: Ints = np.concatenate([np.where(reached, entered, NEVER), lost[:, None]], axis=1)
        self.amount: Ints = dice.between("opportunity-amount", 5, 500, number) * 10_000 * CENTS

    def rows(self, day: int, previous: int) -> pl.DataFrame:
        """The opportunity extract: stages entered since the last batch."""
        at, stage = np.nonzero((self.days > previous) & (self.days <= day))
        number, when = self.number[at], self.days[at, stage]
        minutes = when * 1440 + MINUTE + self.world.dice.integer("opportunity-minute", SPAN, number, stage)
        return pl.DataFrame(
            {
                "opportunity_id": digits("opportunity_id", number + 1, 10, "O"),
                "changed_at": minutes_series("changed_at", minutes),
                "customer_id": customer_ids("customer_id", number),
                "stage": pl.Series([name for name, _ in STAGES]).gather(stage),
                "amount": money("amount", self.amount[at]),
                "probability": rates("probability", np.array([share for _, share in STAGES])[stage]),
                "owner_id": _managers(self.world, self.people, self.places[at]),
                "expected_close_date": date_series("expected_close_date", self.start[at] + 90),
            }
        )

    def answers(self, last: int) -> pl.DataFrame:
        """Stage of every opportunity on the last night, since when, and how it came out."""
        known = np.where(self.days <= last, self.days, -1)
        stage = known.argmax(axis=1)
        since = known.max(axis=1, initial=-1)
        outcome = np.where(stage == WON, "won", np.where(stage == LOST, "lost", "open"))
        return pl.DataFrame(
            {
                "opportunity_id": digits("opportunity_id", self.number + 1, 10, "O"),
                "stage_code": pl.Series([name for name, _ in STAGES]).gather(stage),
                "since_date": date_series("since_date", since),
                "outcome_code": pl.Series(outcome, dtype=pl.String),
                "amount": money("amount", self.amount),
            }
        ).filter(pl.Series(since >= 0))


def visit_rows(world: World, people: Customers, day: int) -> pl.DataFrame:
    """The visit extract of a business day."""
    dice = world.dice
    share = np.where(people.is_corporate, *VISITED_A_DAY)
    visited = dice.chance("visit", share, people.numbers, day) & _looked_after(world, people)
    places = np.flatnonzero(visited & (people.opened < day))
    number = people.numbers[places]
    minutes = day * 1440 + MINUTE + dice.integer("visit-minute", SPAN, number, day)
    return pl.DataFrame(
        {
            "visit_id": digits("visit_id", number + 1, 10, f"V{as_date(day):%Y%m%d}"),
            "customer_id": customer_ids("customer_id", number),
            "employee_id": _managers(world, people, places),
            "visited_at": minutes_series("visited_at", minutes),
            "purpose": pl.Series(PURPOSES).gather(dice.integer("visit-purpose", len(PURPOSES), number, day)),
            "has_location": pl.Series(dice.chance("visit-location", HAS_LOCATION, number, day)),
        }
    )


def visit_answers(visits: pl.DataFrame) -> pl.DataFrame:
    """Visits by employee and month, and how many of them have a place."""
    month = pl.col("visited_at").dt.date().dt.truncate("1mo").alias("month_start_date")
    return visits.group_by("employee_id", month).agg(
        pl.len().alias("visit_cnt"), pl.col("has_location").sum().alias("located_visit_cnt")
    )
