"""Customers: who they are, where they belong, when they come and go."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from sample_bank.columns import PPM, digits, money
from sample_bank.rng import Bools, Dice, Ints
from sample_bank.timeline import NEVER, date_series, day_number
from sample_bank.wealth import CENTS, STILL, Wealth, course_of, courses
from sample_bank.world import World

FIRST_OPENINGS = day_number(date(2001, 1, 1))
FAMILY_NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN_NAMES = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国红梅"
RISK_CHANGE = 0.002
RETURNS_EVERY, RETURNS_BELOW = 40, 2_000_000 * CENTS
LOW_MONTHS, LOW_LEVEL = 8, 50_000
"""One customer in so many loses a tier and regains it: months of the low and its level, millionths."""
SOURCES = ("walk_in", "agency", "staff", "mobile", "internet", "phone")
SOURCE_SHARES = (0.45, 0.15, 0.12, 0.18, 0.07, 0.03)


@dataclass(frozen=True)
class Customers:
    """Customers of one chunk, one array element each. Days are day numbers.

    Attributes:
        numbers: Place in the whole bank, from 0.
        wealth: AUM meant at the end, cents.
        levels: Course of the wealth by month, see :func:`sample_bank.wealth.courses`.
        is_still: Whether the wealth neither rises nor falls for long.
        closed: Day the relationship ends.
        reopened: Day it is taken up again.
    """

    numbers: Ints
    is_corporate: Bools
    wealth: Ints
    levels: Ints
    is_still: Bools
    home: Ints
    opened: Ints
    closed: Ints
    reopened: Ints
    risk_changes: Ints

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def is_fleeting(self) -> Bools:
        """Whether the relationship ends at some time."""
        ends: Bools = self.closed < NEVER
        return ends

    def partner(self, places: Ints) -> Ints:
        """Place of the neighbour that a customer shares a household with; their own where there is none."""
        other = places ^ 1
        return np.where(other < len(self), other, places)

    def is_active(self, day: int) -> Bools:
        """Whether the relationship stands on a day."""
        active: Bools = (self.opened <= day) & ((self.closed > day) | (self.reopened <= day))
        return active


def customers_of(world: World, wealth: Wealth, numbers: Ints) -> Customers:
    """Everything about the customers with these numbers."""
    dice, habits, timeline = world.dice, world.profile.habits, world.timeline
    amounts = wealth.amounts(numbers)
    is_corporate = dice.chance("corporate", habits.corporate, numbers)
    # by rank, so that what the persons own is spread over the bands as before
    is_corporate |= wealth.ranks(numbers) % habits.corporate_every == habits.corporate_every // 2
    is_corporate &= amounts < int(habits.corporate_below * CENTS)
    opened = _opening_days(world, numbers)
    closed, reopened = _closing_days(world, numbers, opened, amounts)
    risk_night = dice.integer("risk-night", len(timeline.nights), numbers)
    risk_changes = np.where(
        dice.chance("risk-change", RISK_CHANGE, numbers), timeline.night_days[risk_night], NEVER
    )
    return Customers(
        numbers=numbers,
        is_corporate=is_corporate,
        wealth=amounts,
        levels=_with_returns(courses(dice, habits.drift, numbers, timeline, habits.still), numbers, amounts),
        is_still=course_of(dice, habits.drift, numbers) == STILL,
        home=dice.integer("home", world.outlets, numbers),
        opened=opened,
        closed=closed,
        reopened=reopened,
        risk_changes=risk_changes,
    )


def _with_returns(levels: Ints, numbers: Ints, amounts: Ints) -> Ints:
    """The courses, some with a low that lasts longer than a tier is kept and ends in the last month."""
    returns = (numbers % RETURNS_EVERY == RETURNS_EVERY // 5) & (amounts < RETURNS_BELOW)
    if levels.shape[1] <= LOW_MONTHS + 1:
        return levels
    low = levels.copy()
    low[returns, -1 - LOW_MONTHS : -1] = LOW_LEVEL
    low[returns, : -1 - LOW_MONTHS] = PPM + LOW_LEVEL
    return low


def _opening_days(world: World, numbers: Ints) -> Ints:
    dice, timeline, habits = world.dice, world.timeline, world.profile.habits
    start = int(timeline.month_starts[0])
    days = dice.between("opened", FIRST_OPENINGS, start - 1, numbers)
    recorded = np.concatenate([d[d < timeline.night_days[0]] for d in timeline.business_days] or [[]])
    draw = dice.uniform("opened-when", numbers)
    if len(recorded):
        within = recorded[dice.integer("opened-within", len(recorded), numbers)]
        days = np.where(draw < habits.new_in_history, within, days)
    later = timeline.night_days[1:]
    if len(later):
        tonight = later[dice.integer("opened-night", len(later), numbers)]
        days = np.where(draw > 1 - habits.new_a_night * len(later), tonight, days)
    return days


def _closing_days(world: World, numbers: Ints, opened: Ints, amounts: Ints) -> tuple[Ints, Ints]:
    """Days of ending and of taking up again; only those who were there before the history end it."""
    dice, timeline, habits = world.dice, world.timeline, world.profile.habits
    ends = (
        dice.chance("closed", habits.closed, numbers)
        & (amounts < int(habits.closed_below * CENTS))
        & (opened < timeline.month_starts[0])
    )
    never = np.full(len(numbers), NEVER)
    nights = timeline.night_days
    closed, reopened = never, never
    past = np.concatenate([d[d < nights[0]] for d in timeline.business_days] or [[]])
    how = dice.integer("closed-how", 3, numbers)
    if len(past):
        closed = np.where(how == 0, past[dice.integer("closed-past", len(past), numbers)], closed)
    if len(nights) > 1:
        closed = np.where(how == 1, nights[dice.between("closed-night", 1, len(nights) - 1, numbers)], closed)
    if len(nights) > 2:
        away = dice.between("closed-again", 1, len(nights) - 2, numbers)
        stay = 1 + dice.integer("closed-away", len(nights), numbers) % (len(nights) - 1 - away)
        closed = np.where(how == 2, nights[away], closed)
        reopened = np.where(how == 2, nights[away + stay], reopened)
    return np.where(ends, closed, never), np.where(ends, reopened, never)


def customer_changes(world: World, people: Customers, day: int, previous: int) -> tuple[Ints, pl.Series]:
    """Customers that are new or have changed since the last batch, with the operation."""
    is_new = (people.opened > previous) & (people.opened <= day)
    changed = np.zeros(len(people), dtype=np.bool_)
    for days in (people.closed, people.reopened, people.risk_changes):
        changed |= (days > previous) & (days <= day)
    if previous < world.timeline.merger_day <= day:
        changed |= people.home == world.merged
    places = np.flatnonzero(is_new | (changed & (people.opened <= day)))
    return places, pl.Series("op", np.where(is_new[places], "I", "U"))


def birth_days(world: World, numbers: Ints) -> Ints:
    """Days of birth of the customers with these numbers."""
    return world.dice.between("birth", day_number(date(1940, 1, 1)), day_number(date(2001, 12, 31)), numbers)


def customer_rows(world: World, people: Customers, places: Ints, day: int) -> pl.DataFrame:
    """The customer extract of some customers as of a day."""
    dice, numbers = world.dice, people.numbers[places]
    is_corporate = people.is_corporate[places]
    personal = pl.Series(~is_corporate)
    risk = (first_risk_levels(dice, numbers) - 1 + (people.risk_changes[places] <= day)) % 5 + 1
    frame = pl.DataFrame(
        {
            "customer_id": customer_ids("customer_id", numbers),
            "number": numbers,
            "is_personal": personal,
            "family": pl.Series(list(FAMILY_NAMES)).gather(dice.integer("family", 20, numbers)),
            "given": pl.Series(list(GIVEN_NAMES)).gather(dice.integer("given", 30, numbers)),
            "gender": pl.Series(["M", "F"]).gather(dice.integer("gender", 2, numbers)),
            "birth_date": date_series("birth_date", birth_days(world, numbers)),
            "mobile": digits("mobile", dice.integer("mobile", 10**9, numbers), 9, "13"),
            "occupation": pl.Series(["01", "02", "03", "04", "05"]).gather(
                dice.pick("occupation", (0.26, 0.14, 0.16, 0.24, 0.20), numbers)
            ),
            "education": pl.Series(["10", "20", "30", "40"]).gather(dice.integer("education", 4, numbers)),
            "income": pl.Series(["A", "B", "C", "D"]).gather(dice.integer("income", 4, numbers)),
            "industry": pl.Series(["C", "F", "G", "K"]).gather(dice.integer("industry", 4, numbers)),
            "region": pl.Series(["320505", "320506", "320507"]).gather(dice.integer("region", 3, numbers)),
            "first_open_date": date_series("first_open_date", people.opened[places]),
            "home_org_id": world.org_ids("home_org_id", world.org_of(people.home[places], day)),
            "risk_level": pl.Series(risk).cast(pl.String),
            "is_employee": dice.chance("is-employee", 0.002, numbers) & ~is_corporate,
            "source": pl.Series(SOURCES).gather(dice.pick("source", SOURCE_SHARES, numbers)),
            "limit": money("limit", dice.between("credit-limit", 10, 2_000, numbers) * 10_000 * CENTS),
            "status": pl.Series(np.where(people.is_active(day)[places], "active", "closed")),
        }
    )
    return frame.select(_customer_columns())


def first_risk_levels(dice: Dice, numbers: Ints) -> Ints:
    """Risk level of each person, 1 to 5, before it changes."""
    return 1 + dice.integer("risk", 5, numbers)


def _customer_columns() -> list[pl.Expr]:
    is_personal = pl.col("is_personal")
    number = pl.col("number")
    area = (320_000 + number // 10_000).cast(pl.String)
    serial = (number % 10_000).cast(pl.String).str.zfill(4)
    person_id = area + pl.col("birth_date").dt.to_string("%Y%m%d") + serial
    company_id = pl.lit("91320500") + number.cast(pl.String).str.zfill(10)
    company = pl.concat_str(pl.lit("苏州第"), number + 1, pl.lit("贸易有限公司"))

    def of_person(name: str, column: str) -> pl.Expr:
        return pl.when(is_personal).then(pl.col(column)).alias(name)

    household = pl.concat_str(pl.lit("H"), (number // 2).cast(pl.String).str.zfill(9))
    return [
        pl.col("customer_id"),
        pl.when(is_personal).then(pl.lit("P")).otherwise(pl.lit("C")).alias("customer_type"),
        pl.when(is_personal)
        .then(pl.col("family") + pl.col("given"))
        .otherwise(company)
        .alias("customer_name"),
        pl.when(is_personal).then(pl.lit("10")).otherwise(pl.lit("91")).alias("cert_type"),
        pl.when(is_personal).then(person_id).otherwise(company_id).alias("cert_no"),
        of_person("gender", "gender"),
        of_person("birth_date", "birth_date"),
        of_person("mobile", "mobile"),
        of_person("occupation_code", "occupation"),
        of_person("education_code", "education"),
        pl.col("region").alias("region_code"),
        pl.when(~is_personal).then(pl.col("industry")).alias("industry_code"),
        of_person("income_band", "income"),
        pl.col("first_open_date"),
        pl.col("home_org_id"),
        of_person("risk_level", "risk_level"),
        pl.when(is_personal & (number % 10 < 4)).then(household).alias("household_id"),
        pl.col("is_employee"),
        pl.col("status"),
        pl.col("source").alias("acquisition_source"),
        pl.when(~is_personal).then(pl.col("limit")).alias("credit_limit"),
    ]


def customer_ids(name: str, numbers: Ints) -> pl.Series:
    """Identifiers of customers: ten digits, leading zeros matter."""
    return digits(name, numbers + 1, 10)
