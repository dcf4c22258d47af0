"""Dozens of random customers over three weeks and a month end, against the brute-force reference.

Hypothesis writes the lives; one bank holds them all and runs once, because a run costs more than a
customer. A failure names the customer; its life is printed.
"""

import random

import pytest

from tests.conftest import MakeInMemory
from tests.reference.comparisons import COMPARED_MARTS, COMPARISONS, Compare
from tests.reference.customer_value import Expected, customer_value
from tests.reference.interleaved import altered_books, interleaved
from tests.reference.known import replay
from tests.stories.lives import Life, settle, some_lives
from tests.stories.what_if_agrees import reason_differences, what_if_differences
from tests.support.bank import Bank
from tests.support.warehouse import Warehouse
from tests.support.whole_nights import WholeNights

CUSTOMERS, FEW = 160, 40


@pytest.fixture(scope="module")
def written() -> list[Life]:
    return some_lives(CUSTOMERS)


@pytest.fixture(scope="module")
def bank(written: list[Life]) -> Bank:
    return settle(written)


@pytest.fixture(scope="module")
def warehouse(built_in_memory: MakeInMemory, bank: Bank) -> Warehouse:
    return built_in_memory("random", bank, COMPARED_MARTS)


@pytest.fixture(scope="module")
def expected(bank: Bank) -> Expected:
    return customer_value(replay(bank.deliveries()))


def test_the_random_bank_has_what_makes_it_worth_running(written: list[Life], expected: Expected) -> None:
    tiers = {tier.tier_code for months in expected.tiers.values() for tier in months.values()}
    statuses = {tier.status_code for months in expected.tiers.values() for tier in months.values()}
    factors = {tier.deciding_factor for months in expected.tiers.values() for tier in months.values()}
    events = {
        event for months in expected.tiers.values() for tier in months.values() for event in tier.events
    }

    assert tiers == {"core", "growth", "platinum", "gold", "potential", "ordinary"}
    assert statuses >= {"normal", "observe", "attention"}
    assert len(factors - {None}) >= 4
    assert events >= {"new", "upgrade", "downgrade", "lost"}
    assert any(life.leaves for life in written) and any(life.kind == "C" for life in written)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_the_random_bank_agrees_with_the_reference(
    compare: Compare, warehouse: Warehouse, expected: Expected, written: list[Life]
) -> None:
    differences = compare(warehouse, expected)
    named = {number for number in range(len(written)) if f"life-{number:03d}" in " ".join(differences)}
    lives = "\n".join(f"life-{number:03d}: {written[number]}" for number in sorted(named)[:5])
    assert not differences, "\n".join([f"{len(differences)} differences", *differences[:40], lives])


@pytest.mark.parametrize("seed", [1])
def test_batches_that_come_wrong_late_and_again_end_in_the_same(seed: int) -> None:
    """Nights that were killed, batches that said otherwise and were sent again: the last word counts."""
    batches = settle(some_lives(FEW)).deliveries()
    nights = WholeNights(COMPARED_MARTS)
    steps = interleaved(batches, random.Random(seed), altered_books)
    for batch, is_published in steps:
        nights.run(batch, is_published=is_published)
    expected = customer_value(replay(batches))

    assert len(steps) > len(batches) and {batch.sequence for batch, _ in steps} == {1, 2}
    assert [line for compare in COMPARISONS for line in compare(nights, expected)][:40] == []


def test_the_live_rulebook_as_a_what_if_gives_the_live_tiers(warehouse: Warehouse) -> None:
    differences = what_if_differences(warehouse)
    assert not differences, "\n".join(differences[:20])


def test_every_reason_alone_gives_the_tier(warehouse: Warehouse) -> None:
    differences = reason_differences(warehouse)
    assert not differences, "\n".join(differences[:20])
