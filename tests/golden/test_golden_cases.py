"""The golden cases G1–G14, from extracts through the whole pipeline.

One bank holds all of them; a customer is called like the case. The months before the last come with the
initial load; the last month, January 2026, begins in the initial load's running month and ends on a
weekend between two nights.
"""

from datetime import date
from decimal import Decimal

import pytest

from tests.golden.cases import CASES, Case
from tests.reference.compare import (
    as_text,
    aum_differences,
    event_differences,
    status_differences,
    tier_differences,
)
from tests.reference.customer_value import Expected, customer_value
from tests.reference.known import replay
from tests.support.bank import Bank
from tests.support.people import WAN
from tests.support.timeline import add_months
from tests.support.warehouse import Warehouse

NIGHTS = [date(2026, 1, 5), date(2026, 1, 30), date(2026, 2, 2)]
LAST_MONTH = date(2026, 1, 1)
LONG_AGO = date(2015, 6, 1)


def golden_bank() -> Bank:
    """Every case as a customer, and an old customer so that the history is older than the cases."""
    bank = Bank(NIGHTS)
    bank.customer("elder", opened=LONG_AGO).account().months(*[1] * 20, to=LAST_MONTH)
    for case in CASES:
        first_month = add_months(LAST_MONTH, 1 - len(case.wan))
        customer = bank.customer(case.name, opened=first_month if case.is_history_complete else LONG_AGO)
        customer.account().months(*case.wan, to=LAST_MONTH)
        if case.mortgage:
            customer.borrows(case.mortgage * WAN, since=LAST_MONTH)
    return bank


@pytest.fixture(scope="module")
def bank() -> Bank:
    return golden_bank()


@pytest.fixture(scope="module")
def warehouse(golden_warehouse: Warehouse) -> Warehouse:
    return golden_warehouse


@pytest.fixture(scope="module")
def expected(bank: Bank) -> Expected:
    return customer_value(replay(bank.deliveries()))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_case_comes_out_of_the_pipeline_as_the_specification_says(
    warehouse: Warehouse, case: Case
) -> None:
    (row,) = warehouse.query(
        "from customer_value.fct_customer_tier_monthly where customer_id = ? and month_start_date = ?",
        case.name,
        LAST_MONTH,
    )
    assert row["assessment_aum_amt"] == Decimal(case.wan[-1]) * WAN
    assert (row["tier_code"], row["status_code"], row["below_months"]) == (case.tier, case.status, case.k)
    assert row["deciding_factor_code"] == case.factor
    assert row["lost_tier_code"] == (case.lost[0] if case.lost else None)
    assert row["is_history_complete"] == case.is_history_complete


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_case_loses_exactly_the_tiers_of_the_specification_in_the_last_month(
    warehouse: Warehouse, case: Case
) -> None:
    rows = warehouse.query(
        "select tier_code from customer_value.fct_customer_tier_status_monthly "
        "where is_lost_event and customer_id = ? and month_start_date = ?",
        case.name,
        LAST_MONTH,
    )
    assert {row["tier_code"] for row in rows} == set(case.lost)


def test_a_migrated_customer_without_earlier_data_loses_nothing(warehouse: Warehouse) -> None:
    rows = warehouse.query(
        "from customer_value.fct_customer_tier_status_monthly "
        "where customer_id = 'G12' and (status_code = 'lost' or tier_code = 'platinum')"
    )
    assert rows == []


def test_january_is_final_once_its_last_day_is_processed_and_february_is_provisional(
    warehouse: Warehouse,
) -> None:
    rows = warehouse.query(
        "select distinct month_start_date, is_provisional from customer_value.fct_customer_aum_monthly "
        "where month_start_date >= ? order by 1",
        LAST_MONTH,
    )
    assert [row["is_provisional"] for row in rows] == [False, True]


def test_every_month_of_every_case_has_the_aum_of_the_reference(
    warehouse: Warehouse, expected: Expected
) -> None:
    differences = aum_differences(warehouse, expected)
    assert not differences, as_text(differences)


def test_every_month_of_every_case_has_the_tier_and_status_of_the_reference(
    warehouse: Warehouse, expected: Expected
) -> None:
    differences = tier_differences(warehouse, expected) + status_differences(warehouse, expected)
    assert not differences, as_text(differences)


def test_every_event_of_every_case_is_one_of_the_reference(warehouse: Warehouse, expected: Expected) -> None:
    differences = event_differences(warehouse, expected)
    assert not differences, as_text(differences)
