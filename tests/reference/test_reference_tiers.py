"""The reference itself against the golden cases and the laws of the specification."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden.cases import CASES, Case
from tests.reference.rulebook import DOCUMENTS, WAN
from tests.reference.tiers import Month, TierMonth, assess
from tests.support.timeline import add_months

LAST = date(2026, 1, 1)


def monthly(*wan: Decimal | int | str, mortgage: int = 0) -> dict[date, Month]:
    """Months ending with ``LAST``; the mortgage is there in the last."""
    first = 1 - len(wan)
    months = {add_months(LAST, first + n): Month(Decimal(amount) * WAN) for n, amount in enumerate(wan)}
    months[LAST] = Month(months[LAST].aum, mortgage=Decimal(mortgage) * WAN)
    return months


def story_of(*wan: Decimal | int | str, mortgage: int = 0) -> list[TierMonth]:
    """Assessments of all months, oldest first."""
    return list(assess(monthly(*wan, mortgage=mortgage), opened_in_history=True).values())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_case(case: Case) -> None:
    months = monthly(*case.wan, mortgage=case.mortgage)
    now = assess(months, opened_in_history=case.is_history_complete)[LAST]
    lost_now = {code for code, status in now.statuses.items() if status.is_lost_event}

    assert (now.tier_code, now.status_code, now.below_months) == (case.tier, case.status, case.k)
    assert now.deciding_factor == case.factor
    assert lost_now == set(case.lost)
    assert now.lost_tier_code == (case.lost[0] if case.lost else None)
    assert now.is_history_complete == case.is_history_complete


def test_g11_counts_thirteen_months_below_for_both_lost_tiers() -> None:
    now = story_of(1200, *[60] * 7, *[30] * 6)[-1]
    assert now.statuses["core"].below_months == now.statuses["growth"].below_months == 13


def test_a_first_month_above_ordinary_is_new_and_no_upgrade() -> None:
    assert [month.events for month in story_of(1, 30, 60)] == [frozenset(), {"new"}, {"upgrade"}]


def test_losing_a_tier_is_one_event_and_a_downgrade() -> None:
    events = [month.events for month in story_of(60, *[30] * 8)]
    assert events[7:] == [{"lost", "downgrade"}, frozenset()]


def test_a_lost_tier_that_is_reached_again_is_regained_and_no_longer_lost() -> None:
    months = story_of(60, *[30] * 7, 60)
    assert months[-1].events == {"regained", "upgrade"}
    assert months[-1].lost_tier_code is None


def test_a_lost_tier_is_named_for_twelve_months() -> None:
    named = [month.lost_tier_code for month in story_of(60, *[30] * 20)]
    assert named == [None] * 7 + ["platinum"] * 12 + [None] * 2


def test_a_mortgage_holds_a_tier_that_the_aum_has_long_left() -> None:
    now = story_of(60, *[30] * 9, mortgage=150)[-1]
    assert (now.tier_code, now.status_code, now.below_months) == ("platinum", "normal", 0)
    assert now.statuses["platinum"].held_by == {"mortgage"}
    assert now.statuses["platinum"].below_months == 9


def test_a_factor_that_gives_a_high_tier_holds_the_lower_ones_too() -> None:
    now = story_of(60, *[1] * 9, mortgage=500)[-1]
    assert {code: status.status_code for code, status in now.statuses.items()} == {
        "growth": "normal",
        "platinum": "normal",
        "gold": "normal",
        "potential": "normal",
    }


AMOUNTS = st.sampled_from(
    ["0", "4.99", "5", "19.99", "20", "49.99", "50", "60", "499.99", "500", "999.99", "1000"]
)


@given(st.lists(AMOUNTS, min_size=1, max_size=30))
def test_a_tier_is_held_exactly_while_it_is_not_lost(wan: list[str]) -> None:
    for month in story_of(*wan):
        for status in month.statuses.values():
            tier = next(tier for tier in DOCUMENTS if tier.code == status.tier_code)
            assert status.below_months is not None
            assert (status.status_code == "lost") == (status.below_months > tier.window)
        held = [code for code, status in month.statuses.items() if status.status_code != "lost"]
        assert month.tier_code == (held[0] if held else "ordinary")


@given(st.lists(AMOUNTS, min_size=1, max_size=30))
def test_the_tier_follows_from_the_highest_amount_of_each_window(wan: list[str]) -> None:
    months = monthly(*wan)
    for now, assessed in assess(months, opened_in_history=True).items():
        by_window = [
            tier.code
            for tier in DOCUMENTS
            if max(months[m].aum for m in months if add_months(now, -tier.window) <= m <= now) >= tier.aum
        ]
        assert assessed.tier_code == (by_window[0] if by_window else "ordinary")
