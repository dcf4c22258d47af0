"""Answer key of tiers and status, after chapter 2.2 and 2.3 of the specification."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.answers import MONTHS_OF_SPENDING, AnswerBook
from sample_bank.cards import CREDIT, DIAMOND, Cards
from sample_bank.columns import money
from sample_bank.loans import GUARANTEED, MORTGAGE, UNSECURED, Loans
from sample_bank.people import customer_ids
from sample_bank.rng import Bools, Ints
from sample_bank.wealth import CENTS

TIERS = ("ordinary", "potential", "gold", "platinum", "growth", "core")
BOUNDS = np.array([0, 50_000, 200_000, 500_000, 5_000_000, 10_000_000]) * CENTS
WINDOWS = np.array([6, 6, 6, 6, 12, 12])
FACTORS = ("aum", "card_spend", "mortgage", "credit_loan", "card_grade")
CARD_SPEND = ((100_000, 3), (500_000, 4))
MORTGAGES = ((1_500_000, 3), (5_000_000, 4))
CREDIT_LOANS = ((300_000, 2), (600_000, 3))
DIAMOND_TIER = 4
STATUSES = ("normal", "observe", "attention")
MONTHS_REPORTED = 12
UNREACHED = -1


@dataclass(frozen=True)
class Factors:
    """What decides a tier besides AUM, by customer and month."""

    card_spend: Ints
    mortgage: Ints
    credit_loan: Ints
    has_diamond: Bools


def factors_of(book: AnswerBook, cards: Cards, loans: Loans, until: int) -> Factors:
    """The other factors up to a night, before the first one as far as the initial load tells of them.

    That is loans at month ends, cards from their issue on as the first night knows them, and spending where
    all 12 months of it were delivered.
    """
    timeline, shape = book.timeline, (len(book.people), len(book.timeline.months))
    mortgage, credit_loan = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    has_diamond = np.zeros(shape, dtype=np.bool_)
    diamonds = np.flatnonzero((cards.kind == CREDIT) & (cards.grade == DIAMOND) & ~cards.is_frozen)
    for month in range(shape[1]):
        last = min(int(timeline.month_starts[month + 1]) - 1, until)
        nights = timeline.night_days[timeline.night_days <= last]
        is_told = len(nights) == 0
        night = int(timeline.night_days[0] if is_told else nights[-1])
        seen = last if is_told else night
        balances = np.where(loans.start <= seen, loans.balances(seen), 0)
        for kinds, total in (((MORTGAGE,), mortgage), ((UNSECURED, GUARANTEED), credit_loan)):
            counted = np.where(np.isin(loans.kind, kinds), balances, 0)
            np.add.at(total[:, month], loans.holder, counted)
        valid = (cards.issued[diamonds] <= seen) & (cards.cancelled[diamonds] > night)
        valid &= cards.expires[diamonds] >= last
        has_diamond[cards.holder[diamonds[valid]], month] = True
    running = np.cumsum(np.pad(book.spending, ((0, 0), (1, 0))), axis=1)
    spend = running[:, MONTHS_OF_SPENDING + 1 :] - running[:, 1:-MONTHS_OF_SPENDING]
    # the initial load brings the spending of the 12 months before its own
    spend[:, : max(timeline.first_night_month - 1, 0)] = 0
    return Factors(spend, mortgage, credit_loan, has_diamond)


def below_months(averages: Ints, exists: Bools, bound: int) -> Ints:
    """Months in a row below a bound since the last that reached it; :data:`UNREACHED` if none did."""
    below = np.full(averages.shape, UNREACHED, dtype=np.int64)
    last = np.full(len(averages), UNREACHED, dtype=np.int64)
    for month in range(averages.shape[1]):
        reached = (averages[:, month] >= bound) & exists[:, month]
        last = np.where(reached, 0, np.where(last == UNREACHED, UNREACHED, last + 1))
        below[:, month] = last
    return below


def months_in_a_row(is_so: Bools, exists: Bools) -> Ints:
    """For how many calendar months it has been so, this one included; 0 where it is not.

    A month without a row counts if it was so before; it does not begin a stretch.
    """
    stretch = np.zeros(is_so.shape, dtype=np.int64)
    months = np.zeros(len(is_so), dtype=np.int64)
    for month in range(is_so.shape[1]):
        begun_or_going_on = np.where(is_so[:, month], months + 1, 0)
        months = np.where(exists[:, month], begun_or_going_on, np.where(months > 0, months + 1, 0))
        stretch[:, month] = months
    return stretch


def _by_steps(amounts: Ints, steps: tuple[tuple[int, int], ...]) -> Ints:
    rank = np.zeros(amounts.shape, dtype=np.int64)
    for bound, tier in steps:
        rank = np.where(amounts >= bound * CENTS, tier, rank)
    return rank


@dataclass(frozen=True)
class Assessed:
    """What follows for tiers, by customer and month.

    Attributes:
        rank: Place of the tier in :data:`TIERS`; ``deciding`` that of its factor in :data:`FACTORS`.
        status: Place in :data:`STATUSES`.
        is_lost: Whether the tier is lost; by tier, customer and month.
    """

    rank: Ints
    deciding: Ints
    months_below: Ints
    status: Ints
    is_lost: Bools


def assessed(averages: Ints, exists: Bools, factors: Factors) -> Assessed:
    """Tier and status by month averages and the other factors."""
    below = np.stack([below_months(averages, exists, int(bound)) for bound in BOUNDS])
    held = (below != UNREACHED) & (below <= WINDOWS[:, None, None])
    by_aum = np.max(np.where(held, np.arange(len(TIERS))[:, None, None], 0), axis=0)
    ranks = np.stack(
        [
            by_aum,
            _by_steps(factors.card_spend, CARD_SPEND),
            _by_steps(factors.mortgage, MORTGAGES),
            _by_steps(factors.credit_loan, CREDIT_LOANS),
            factors.has_diamond * DIAMOND_TIER,
        ]
    )
    rank = ranks.max(axis=0)
    is_held_otherwise = (ranks[1:] == rank).any(axis=0) & (rank > 0)
    months_below = np.take_along_axis(below, rank[None], axis=0)[0]
    months_below = np.where(is_held_otherwise, 0, months_below)
    half = WINDOWS[rank] // 2
    status = np.where(months_below == 0, 0, np.where(months_below <= half, 1, 2))
    by_others = ranks[1:].max(axis=0)
    is_lost = (below > WINDOWS[:, None, None]) & (np.arange(len(TIERS))[:, None, None] > by_others)
    return Assessed(rank, (ranks == rank).argmax(axis=0), months_below, status, is_lost)


def customer_months(book: AnswerBook, cards: Cards, loans: Loans) -> pl.DataFrame:
    """One row per customer and month: AUM, tier, status and what decided it; corporates have no tier."""
    ends, sums, averages = book.totals()
    exists = book.has_row()
    factors = factors_of(book, cards, loans, int(book.timeline.night_days[-1]))
    found = assessed(averages, exists, factors)
    lost = np.zeros(found.rank.shape, dtype=np.int64)
    for tier in range(1, len(TIERS)):
        months_lost = months_in_a_row(found.is_lost[tier], exists)
        lost = np.where((months_lost > 0) & (months_lost <= MONTHS_REPORTED), tier, lost)

    places, months = np.nonzero(exists)
    cells = (places, months)
    is_personal = pl.Series(~book.people.is_corporate[places])
    return pl.DataFrame(
        {
            "customer_id": customer_ids("customer_id", book.people.numbers[places]),
            "month_start_date": pl.Series(list(book.timeline.months)).gather(months),
            "aum_end_amt": money("aum_end_amt", ends[cells]),
            "balance_sum_amt": money("balance_sum_amt", sums[cells]),
            "aum_month_avg_amt": money("aum_month_avg_amt", averages[cells]),
            "is_personal": is_personal,
            "tier_code": _named(TIERS, found.rank[cells], is_personal),
            "status_code": _named(STATUSES, found.status[cells], is_personal),
            "deciding_factor_code": _named(FACTORS, found.deciding[cells], is_personal),
            "below_months": pl.Series(found.months_below[cells]).set(~is_personal, None),
            "lost_tier_code": _named(TIERS, lost[cells], is_personal & pl.Series(lost[cells] > 0)),
            "card_spend_12m_amt": money("card_spend_12m_amt", factors.card_spend[cells]),
            "mortgage_balance_amt": money("mortgage_balance_amt", factors.mortgage[cells]),
            "credit_loan_balance_amt": money("credit_loan_balance_amt", factors.credit_loan[cells]),
            "has_diamond_card": factors.has_diamond[cells],
        }
    )


def _named(names: tuple[str, ...], places: Ints, is_given: pl.Series) -> pl.Series:
    return pl.Series(names).gather(places).set(~is_given, None)
