"""What arrives late or again comes out as if it had been there from the start."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.faults.village import NIGHTS, village
from tests.reference.compare import as_text
from tests.reference.comparisons import COMPARISONS
from tests.reference.customer_value import customer_value
from tests.reference.known import replay
from tests.support.bank import Bank, Delivery
from tests.support.landing import land
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse

SATURDAY = date(2026, 1, 31)


def differences(warehouse: Warehouse, deliveries: Iterable[Delivery]) -> list[str]:
    """All marts against the reference of what was delivered."""
    expected = customer_value(replay(deliveries))
    return [line for compare in COMPARISONS for line in compare(warehouse, expected)]


def corrected(night: date) -> Bank:
    """The village with another balance of the first villager, from one night to the next."""
    bank = village()
    account = bank.accounts[0]
    following = NIGHTS[NIGHTS.index(night) + 1]
    before = account.lines["CURRENT"].at(following)
    assert before is not None
    account.holds(400_000, since=night).holds(before, since=following)
    return bank


@pytest.mark.parametrize("nights", [NIGHTS[:2], NIGHTS[2:3]], ids=["first two", "third"])
def test_nights_sent_again_with_a_higher_sequence_count_instead_of_the_first(
    nights: list[date], published_village: Warehouse, tmp_path: Path
) -> None:
    warehouse = published_village.copy_to(tmp_path / "home")
    again = [corrected(night).delivery(night, sequence=2) for night in nights]
    for delivery in again:
        land(warehouse.home, delivery)

    run_quickly(Settings.load(warehouse.home))

    different = differences(warehouse, [*village().deliveries(), *again])
    assert not different, as_text(different)


def test_the_batch_of_a_saturday_that_arrives_after_mondays_takes_its_place(tmp_path: Path) -> None:
    bank = village([NIGHTS[1], SATURDAY, NIGHTS[2]])
    bank.accounts[0].holds(400_000, since=SATURDAY).holds(11_999_999, since=NIGHTS[2])
    warehouse, settings = Warehouse(tmp_path), Settings.load(tmp_path)
    on_time = [delivery for delivery in bank.deliveries() if delivery.business_date != SATURDAY]
    for delivery in on_time:
        for row in delivery.tables["calendar"]:
            row["is_business_day"] = row["is_business_day"] and row["calendar_date"] != SATURDAY
        land(warehouse.home, delivery)
    run_quickly(settings)

    land(warehouse.home, bank.delivery(SATURDAY))
    run_quickly(settings)

    different = differences(warehouse, [*on_time, bank.delivery(SATURDAY)])
    assert not different, as_text(different)
