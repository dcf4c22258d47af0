"""The published SQL against the brute-force reference: random rulebooks over random histories.

The SQL is rendered from the project's macros and run in memory, so that an example costs little.
"""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.what_if.rulebook import Rulebook
from tests.reference.any_rulebook import judge
from tests.reference.tiers import Month
from tests.support.timeline import add_months
from tests.support.what_if import BASES, MemoryRelease, memory_release

FIRST = date(2024, 1, 1)
HISTORY = 20
CODES = ("bronze", "silver", "yellow", "white")


@st.composite
def tiers(draw: st.DrawFn, codes: tuple[str, ...]) -> list[dict[str, object]]:
    """A ladder of these codes, highest first, over amounts from 1 to 12."""
    bounds = draw(st.lists(st.integers(1, 12), min_size=len(codes), max_size=len(codes), unique=True))
    ladder: list[dict[str, object]] = []
    for code, bound in zip(codes, sorted(bounds), strict=True):
        window = draw(st.integers(0, 5))
        starts = sorted(draw(st.sets(st.integers(1, window), max_size=2))) if window else []
        threshold = st.none() | st.integers(1, 6)
        ladder.append(
            {
                "code": code,
                "aum": bound,
                "window_months": window,
                "observe_from_months": starts[0] if len(starts) == 2 else None,
                "attention_from_months": starts[-1] if starts else None,
                "card_spend": draw(threshold),
                "mortgage": draw(threshold),
                "credit_loan": draw(threshold),
                "card_grade": draw(st.booleans()),
            }
        )
    return ladder[::-1]


@st.composite
def rulebooks(draw: st.DrawFn) -> Rulebook:
    """Up to three versions, of any AUM basis; a later one may have tiers that an earlier one had not."""
    changes = sorted(draw(st.sets(st.integers(1, HISTORY - 1), max_size=2)))
    counts = sorted(draw(st.lists(st.integers(1, 4), min_size=len(changes) + 1, max_size=len(changes) + 1)))
    starts = [0, *changes]
    versions = [
        {
            "valid_from_month": add_months(FIRST, start),
            "valid_to_month": add_months(FIRST, starts[number + 1] - 1) if number < len(changes) else None,
            "aum_basis": draw(st.sampled_from(sorted(BASES))),
            "lost_report_months": draw(st.integers(0, 6)),
            "tiers": draw(tiers(CODES[: counts[number]])),
        }
        for number, start in enumerate(starts)
    ]
    return Rulebook.model_validate({"code": "random", "versions": versions})


@st.composite
def histories(draw: st.DrawFn) -> dict[date, Month]:
    """One customer from some month on, with gaps in which he was away."""
    first = draw(st.integers(0, HISTORY - 1))
    amount = st.sampled_from([0, 0, 0, 1, 2, 3, 5])
    return {
        add_months(FIRST, number): Month(
            Decimal(draw(st.integers(0, 13))),
            card_spend=Decimal(draw(amount)),
            mortgage=Decimal(draw(amount)),
            credit_loan=Decimal(draw(amount)),
            has_diamond=draw(st.integers(0, 9)) == 0,
        )
        for number in range(first, HISTORY)
        if number == first or draw(st.integers(0, 6))
    }


@pytest.fixture(scope="module")
def release() -> MemoryRelease:
    return memory_release()


@given(rulebook=rulebooks(), lives=st.lists(histories(), min_size=5, max_size=15))
@settings(max_examples=60)
def test_sql_gives_what_the_reference_gives(
    release: MemoryRelease, rulebook: Rulebook, lives: list[dict[date, Month]]
) -> None:
    customers = {f"c{number}": life for number, life in enumerate(lives)}
    release.holds(customers, rulebook)

    judged = release.judged(rulebook)

    for customer, months in customers.items():
        expected = judge(rulebook, months)
        assert {month: judged[customer, month] for month in expected} == expected, customer
    assert len(judged) == sum(map(len, lives))
