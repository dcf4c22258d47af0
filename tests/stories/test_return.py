"""A gold customer closes, is away for a whole month and comes back: nothing begins anew."""

from datetime import date

import pytest

from tests.conftest import MakeWarehouse
from tests.reference.compare import as_text
from tests.reference.comparisons import COMPARISONS, Compare
from tests.reference.customer_value import customer_value
from tests.reference.known import replay
from tests.support.bank import Bank
from tests.support.warehouse import Warehouse

LEAVES, RETURNS = date(2026, 2, 2), date(2026, 4, 2)
NIGHTS = [date(2026, 1, 30), LEAVES, date(2026, 2, 27), date(2026, 3, 31), date(2026, 4, 1), RETURNS]


def bank_with_a_traveller() -> Bank:
    bank = Bank(NIGHTS)
    bank.customer("elder", opened=date(2015, 6, 1)).holds(1)
    traveller = bank.customer("traveller", opened=date(2020, 1, 1))
    traveller.holds(300_000).closes(LEAVES)
    traveller.leaves(LEAVES).returns(RETURNS).holds(300_000, since=RETURNS)
    return bank


@pytest.fixture(scope="module")
def warehouse(published_bank: MakeWarehouse) -> Warehouse:
    return published_bank("return", bank_with_a_traveller())


def test_the_month_away_has_no_row_and_the_return_is_no_new_customer(warehouse: Warehouse) -> None:
    months = warehouse.query(
        "select month_start_date, tier_code, first_tiered_month_date "
        "from customer_value.fct_customer_tier_monthly "
        "where customer_id = 'traveller' and month_start_date >= date '2026-01-01' order by 1"
    )
    new = warehouse.query(
        "from customer_value.fct_tier_event where customer_id = 'traveller' and event_code = 'new'"
    )

    assert [row["month_start_date"].month for row in months] == [1, 2, 4]
    (first,) = new
    assert {row["first_tiered_month_date"] for row in months} == {first["month_start_date"]}
    assert first["month_start_date"] < date(2026, 1, 1)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_the_traveller_agrees_with_the_reference(compare: Compare, warehouse: Warehouse) -> None:
    differences = compare(warehouse, customer_value(replay(bank_with_a_traveller().deliveries())))
    assert not differences, as_text(differences)
