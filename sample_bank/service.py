"""Service cases: what customers ask for and complain of, when they are answered and what they think of it."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.columns import digits
from sample_bank.ownership import minutes_series
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Ints
from sample_bank.timeline import NEVER, as_date, is_business_day
from sample_bank.world import World

TYPES = ("complaint", "inquiry", "request", "rate_review")
TYPE_SHARES = (0.35, 0.4, 0.2, 0.05)
A_DAY = 0.0012
"""Customers who open a case on a business day."""
HISTORY_DAYS = 90
LONGEST_DAYS = 8
"""Calendar days after which a case that is ever closed is closed."""
DAY = 1_440
NEVER_MINUTE = NEVER * DAY
REPLIES = ((1, 5), (6, 120), (121, 900), (901, 2 * DAY))
REPLY_SHARES = (0.2, 0.5, 0.2, 0.1)
"""Minutes to the first reply."""
WORK = ((0, 3), (4, 900), (901, DAY - 121), (DAY, 5 * DAY))
WORK_SHARES = (0.15, 0.3, 0.2, 0.35)
"""Minutes from the first reply to the closing."""
OPEN, SCORED = 0.08, 0.6
SCORE_SHARES = (0.02, 0.01, 0.02, 0.02, 0.03, 0.05, 0.07, 0.13, 0.2, 0.2, 0.25)


@dataclass(frozen=True)
class Cases:
    """Cases opened on one day, one array element each; times are minutes since 1970."""

    day: int
    customer: Ints
    kind: Ints
    opened: Ints
    replied: Ints
    closed: Ints
    score: Ints


def cases_of(world: World, people: Customers, day: int) -> Cases:
    """What a chunk of customers opens on a business day."""
    dice = world.dice
    opens = dice.chance("case", A_DAY, people.numbers, day) & people.is_active(day)
    customer = np.flatnonzero(opens)
    number = people.numbers[customer]
    opened = day * DAY + dice.between("case-minute", 9 * 60, 17 * 60, number, day)
    replied = opened + _minutes(world, "case-reply", REPLIES, REPLY_SHARES, number, day)
    closed = replied + _minutes(world, "case-work", WORK, WORK_SHARES, number, day)
    stays_open = dice.chance("case-open", OPEN, number, day)
    score = dice.pick("case-score", SCORE_SHARES, number, day)
    scored = dice.chance("case-scored", SCORED, number, day)
    return Cases(
        day=day,
        customer=customer,
        kind=dice.pick("case-type", TYPE_SHARES, number, day),
        opened=opened,
        replied=replied,
        closed=np.where(stays_open, NEVER_MINUTE, closed),
        score=np.where(scored & ~stays_open, score, -1),
    )


def _minutes(
    world: World, purpose: str, spans: tuple[tuple[int, int], ...], shares: tuple[float, ...],
    number: Ints, day: int,
) -> Ints:  # fmt: skip
    low, high = np.array(spans).T
    span = world.dice.pick(purpose, shares, number, day)
    within = world.dice.integer(f"{purpose}-minutes", 10**6, number, day)
    minutes: Ints = low[span] + within % (high - low + 1)[span]
    return minutes


def case_days(day: int, *, is_first: bool) -> list[int]:
    """Business days whose cases may be new to a night, or answered or closed since the last one."""
    back = HISTORY_DAYS if is_first else 2 * LONGEST_DAYS
    return [d for d in range(day - back, day + 1) if is_business_day(as_date(d))]


def case_rows(people: Customers, cases: Cases, day: int, previous: int) -> pl.DataFrame:
    """The service_case extract of the cases of one day: what is new or has gone on since the last batch."""
    told, before = (day + 1) * DAY, (previous + 1) * DAY
    is_new = (cases.opened < told) & (cases.opened >= before)
    is_changed = np.zeros(len(cases.customer), dtype=np.bool_)
    for moment in (cases.replied, cases.closed):
        is_changed |= (moment < told) & (moment >= before)
    places = np.flatnonzero(is_new | (is_changed & (cases.opened < told)))
    number = people.numbers[cases.customer[places]]
    replied, closed = cases.replied[places], cases.closed[places]
    has_score = (cases.score[places] >= 0) & (closed < told)
    score = pl.Series("score", cases.score[places]).cast(pl.Int32)
    return pl.DataFrame(
        {
            "case_id": _case_ids(number, cases.day),
            "customer_id": customer_ids("customer_id", number),
            "case_type": pl.Series(TYPES).gather(cases.kind[places]),
            "opened_at": minutes_series("opened_at", cases.opened[places]),
            "first_reply_at": minutes_series("first_reply_at", _known(replied, told)),
            "closed_at": minutes_series("closed_at", _known(closed, told)),
            "score": score.set(pl.Series(~has_score), None),
            "op": pl.Series(np.where(is_new[places], "I", "U"), dtype=pl.String),
        }
    )


def case_answers(people: Customers, cases: Cases, last: int) -> pl.DataFrame:
    """How fast each case was answered and solved, as of the last night."""
    end = (last + 1) * DAY
    number = people.numbers[cases.customer]
    is_replied, is_closed = pl.Series(cases.replied < end), pl.Series(cases.closed < end)
    return pl.DataFrame(
        {
            "case_id": _case_ids(number, cases.day),
            "case_type_code": pl.Series(TYPES).gather(cases.kind),
            "reply_minutes": pl.Series(cases.replied - cases.opened).set(~is_replied, None),
            "solve_minutes": pl.Series(cases.closed - cases.opened).set(~is_closed, None),
            "score": pl.Series(cases.score).set(pl.Series(cases.score < 0) | ~is_closed, None),
        }
    )


def _known(moments: Ints, told: int) -> Ints:
    return np.where(moments < told, moments, NEVER_MINUTE)


def _case_ids(number: Ints, day: int) -> pl.Series:
    return digits("case_id", number + 1, 10, f"S{as_date(day):%Y%m%d}")
