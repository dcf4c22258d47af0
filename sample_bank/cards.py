"""Cards, what is spent with them and what is owed on them."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.columns import digits, money
from sample_bank.people import Customers
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import NEVER, as_date, date_series, earlier_month, falls_on
from sample_bank.wealth import CENTS
from sample_bank.world import World

KINDS = ("debit", "credit", "wealth", "private")
DEBIT, CREDIT, WEALTH, PRIVATE = range(4)
PRODUCTS_OF_KINDS = (None, "6001", "5007", "5008")
GRADES = ("classic", "gold", "platinum", "diamond")
GRADE_SHARES = (0.55, 0.28, 0.13, 0.04)
DIAMOND = 3
LIFE_DAYS = 1826
LAST_DUE_DAY = 28
STAGES = (1, 30, 60, 90)
"""Days past due from which arrears are told."""
SPENDING = ((500, 3_000), (3_000, 7_000), (9_000, 30_000), (48_000, 120_000))
SPENDING_SHARES = (0.72, 0.18, 0.07, 0.03)
"""Monthly spending in yuan and the share of credit cards with it."""
LARGE_PAYMENTS = tuple(line * CENTS - short for line in (20_000, 50_000, 100_000) for short in (0, 1))
LARGE_SHARE = 0.06
"""Payments about the nights that are just large, or a cent less."""
CREDIT_USE, DEBIT_USE = 0.15, 0.004
USES_A_MONTH = 315
"""Uses of a credit card in a month of 21 business days, in hundredths."""


@dataclass(frozen=True)
class Cards:
    """Cards of a chunk, one array element each.

    Attributes:
        monthly: What the holder spends in a month, cents.
        cancelled: Day the card is cancelled.
    """

    holder: Ints
    number: Ints
    kind: Ints
    grade: Ints
    home: Ints
    issued: Ints
    expires: Ints
    cancelled: Ints
    is_frozen: Bools
    monthly: Ints

    def is_valid(self, day: int) -> Bools:
        """Whether a card can be used on a day."""
        is_valid: Bools = (
            (self.issued <= day) & (self.cancelled > day) & (self.expires >= day) & ~self.is_frozen
        )
        return is_valid


def cards_of(world: World, people: Customers) -> Cards:
    """All cards of a chunk of customers."""
    dice, habits, numbers = world.dice, world.profile.habits, people.numbers
    is_rich = people.wealth >= int(habits.rich_from * CENTS)
    can_have = ~people.is_corporate & ~people.is_fleeting
    credit_share = np.where(is_rich, habits.credit_card_rich, habits.credit_card)
    wants = (
        dice.chance("debit", habits.debit_card, numbers),
        dice.chance("credit", credit_share, numbers),
        (people.wealth >= 50_000_000) & dice.chance("wealth-card", 0.4, numbers),
        (people.wealth >= 500_000_000) & dice.chance("private-card", 0.6, numbers),
    )
    held = [np.flatnonzero(want & can_have) for want in wants]
    holder = np.concatenate(held)
    kind = np.repeat(np.arange(len(KINDS)), [len(places) for places in held])
    number = (numbers[holder] + 1) * 10 + kind + 1

    timeline = world.timeline
    issued = int(timeline.night_days[-1]) - dice.between("issued", 30, LIFE_DAYS + 60, number)
    later = timeline.night_days[1:]
    if len(later):
        tonight = later[dice.integer("issued-night", len(later), number)]
        issued = np.where(dice.chance("issued-new", 0.004, number), tonight, issued)
    issued = np.maximum(issued, people.opened[holder])
    night = timeline.night_days[dice.integer("cancelled-night", len(timeline.night_days), number)]
    is_cancelled = dice.chance("cancelled", 0.03, number) & (issued < night)
    level = dice.pick("spending", SPENDING_SHARES, number)
    lows, highs = np.array(SPENDING).T
    share = dice.integer("spending-level", 1_000, number)
    return Cards(
        holder=holder,
        number=number,
        kind=kind,
        grade=np.where(kind == CREDIT, dice.pick("grade", GRADE_SHARES, number), 0),
        home=people.home[holder],
        issued=issued,
        expires=issued + LIFE_DAYS,
        cancelled=np.where(is_cancelled, night, NEVER),
        is_frozen=dice.chance("frozen", 0.03, number),
        monthly=(lows[level] + (highs - lows)[level] * share // 1_000) * CENTS,
    )


def card_changes(world: World, cards: Cards, day: int, previous: int) -> tuple[Ints, pl.Series]:
    """Cards that are new or have changed since the last batch, with the operation."""
    is_new = falls_on(cards.issued, day, previous)
    changed = falls_on(cards.cancelled, day, previous)
    if previous < world.timeline.merger_day <= day:
        changed |= cards.home == world.merged
    places = np.flatnonzero(is_new | (changed & (cards.issued <= day)))
    return places, pl.Series("op", np.where(is_new[places], "I", "U"))


def card_rows(world: World, cards: Cards, places: Ints, day: int) -> pl.DataFrame:
    """The card extract of some cards as of a day."""
    is_gone = cards.cancelled[places] <= day
    status = np.where(is_gone, "cancelled", np.where(cards.is_frozen[places], "frozen", "valid"))
    limit = pl.Series("credit_limit", money("credit_limit", cards.monthly[places] * 3))
    is_credit = pl.Series(cards.kind[places] == CREDIT)
    return pl.DataFrame(
        {
            "card_id": card_ids("card_id", cards.number[places]),
            "customer_id": digits("customer_id", cards.number[places] // 10, 10),
            "card_kind": pl.Series(KINDS).gather(cards.kind[places]),
            "card_grade": pl.Series(GRADES).gather(cards.grade[places]),
            "org_id": world.org_ids("org_id", world.org_of(cards.home[places], day)),
            "issue_date": date_series("issue_date", cards.issued[places]),
            "expiry_date": date_series("expiry_date", cards.expires[places]),
            "status": pl.Series(status),
            "credit_limit": limit.set(~is_credit, None),
            "product_code": pl.Series(PRODUCTS_OF_KINDS, dtype=pl.String).gather(cards.kind[places]),
        }
    )


def owed_on(world: World, cards: Cards, places: Ints, day: int) -> Ints:
    """What is owed on some credit cards on a day, cents."""
    month = world.timeline.month_of(day)
    owed: Ints = cards.monthly[places] * world.dice.integer("owed", 100, cards.number[places], month) // 100
    return owed


def due_day(world: World, cards: Cards, places: Ints, day: int) -> Ints:
    """Day on which the next payment for some cards falls due: every card has its day of the month."""
    day_of_month = world.dice.between("card-due", 1, LAST_DUE_DAY, cards.number[places])
    today = as_date(day)
    this, following = (
        np.datetime64(month, "D").astype(np.int64) + day_of_month - 1
        for month in (today.replace(day=1), earlier_month(today.replace(day=1), -1))
    )
    return np.where(this >= day, this, following)


def days_late(world: World, cards: Cards, places: Ints, day: int) -> Ints:
    """Days past due of some credit cards; who is late stays so.

    Half of them reach a stage of arrears on a night, so that also a short time has some of every stage.
    """
    dice, nights, numbers = world.dice, world.timeline.night_days, cards.number[places]
    since = nights[-1] - dice.between("late-days", 1, 200, numbers)
    night = nights[dice.integer("late-night", len(nights), numbers)]
    on_stage = night - np.array(STAGES)[dice.integer("late-stage", len(STAGES), numbers)]
    since = np.where(dice.chance("late-on-stage", 0.5, numbers), on_stage, since)
    return np.where(dice.chance("late", 0.03, numbers), np.maximum(day - since, 0), 0)


def card_balance_rows(world: World, cards: Cards, day: int) -> pl.DataFrame:
    """What is owed on the credit cards on a day."""
    places = np.flatnonzero((cards.kind == CREDIT) & cards.is_valid(day))
    numbers = cards.number[places]
    owed = owed_on(world, cards, places, day)
    return pl.DataFrame(
        {
            "card_id": card_ids("card_id", numbers),
            "balance": money("balance", owed),
            "min_due": money("min_due", owed // 10),
            "due_date": date_series("due_date", due_day(world, cards, places, day)),
            "days_past_due": days_late(world, cards, places, day),
        }
    )


@dataclass(frozen=True)
class Spending:
    """Card transactions of a day. ``reverses`` marks those that take back the one before."""

    day: int
    places: Ints
    amounts: Ints
    is_consumption: Bools
    reverses: Bools


def spending_of(world: World, cards: Cards, day: int, *, credit_only: bool = False) -> Spending:
    """What is paid with the cards on a business day; every fiftieth payment is taken back."""
    dice = world.dice
    candidates = np.flatnonzero(cards.kind == CREDIT) if credit_only else np.arange(len(cards.number))
    share = np.where(cards.kind[candidates] == CREDIT, CREDIT_USE, DEBIT_USE)
    used = dice.chance("spend", share, cards.number[candidates], day) & cards.is_valid(day)[candidates]
    places = candidates[used]
    numbers = cards.number[places]
    percent = dice.between("spend-size", 20, 180, numbers, day)
    amounts = np.maximum(cards.monthly[places] * percent // USES_A_MONTH, 100)
    if day >= int(world.timeline.night_days[0]) - 7:
        lines = np.array(LARGE_PAYMENTS)[dice.integer("spend-line", len(LARGE_PAYMENTS), numbers, day)]
        is_large = dice.chance("spend-large", LARGE_SHARE, numbers, day) & (cards.kind[places] == CREDIT)
        amounts = np.where(is_large, lines, amounts)
    is_consumption = ~dice.chance("cash-advance", 0.1, numbers, day)
    times = 1 + dice.chance("spend-back", 0.02, numbers, day).astype(np.int64)
    firsts = np.repeat(np.cumsum(times) - times, times)
    return Spending(
        day=day,
        places=np.repeat(places, times),
        amounts=np.repeat(amounts, times),
        is_consumption=np.repeat(is_consumption, times),
        reverses=np.arange(int(times.sum())) != firsts,
    )


def spending_rows(cards: Cards, spending: Spending) -> pl.DataFrame:
    """The card_txn extract of a day's spending."""
    date = as_date(spending.day)
    stem = digits("stem", cards.number[spending.places], 11, date.strftime("%Y%m%d"))
    reverses = pl.Series("reverses", spending.reverses)
    return pl.DataFrame(
        {
            "txn_id": stem + pl.Series(np.where(spending.reverses, "2", "1")),
            "card_id": card_ids("card_id", cards.number[spending.places]),
            "txn_date": pl.Series([date]).new_from_index(0, len(stem)),
            "amount": money("amount", spending.amounts),
            "is_consumption": spending.is_consumption,
            "reversed_txn_id": (stem + "1").set(~reverses, None),
        }
    )


def card_ids(name: str, numbers: Ints) -> pl.Series:
    """Identifiers of cards."""
    return digits(name, numbers, 14, "62")
