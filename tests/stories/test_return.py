"""Customers close, are away for a whole month and come back: nothing begins anew, no money goes unseen."""

from datetime import date

import pytest

from tests.conftest import MakeInMemory
from tests.reference.compare import as_text
from tests.reference.comparisons import COMPARED_MARTS, COMPARISONS, Compare
from tests.reference.customer_value import customer_value
from tests.reference.known import replay
from tests.support.bank import Bank
from tests.support.warehouse import Warehouse

LEAVES, RETURNS = date(2026, 2, 2), date(2026, 4, 2)
# March has no batch on its last day: the night after it computes it
COMPUTES_MARCH = date(2026, 4, 1)
NIGHTS = [date(2026, 1, 30), LEAVES, date(2026, 2, 27), date(2026, 3, 30), COMPUTES_MARCH, RETURNS]


def bank_with_travellers() -> Bank:
    """A customer who is away, two whose money stays, and a person who trades as a firm meanwhile."""
    bank = Bank(NIGHTS)
    bank.customer("elder", opened=date(2015, 6, 1)).holds(1)
    traveller = bank.customer("traveller", opened=date(2020, 1, 1))
    traveller.holds(300_000).closes(LEAVES)
    traveller.leaves(LEAVES).returns(RETURNS).holds(300_000, since=RETURNS)
    trader = bank.customer("trader", opened=date(2020, 1, 1))
    trader.holds(300_000)
    trader.becomes("C", on=LEAVES).becomes("P", on=RETURNS)
    for name, back in (("owner", COMPUTES_MARCH), ("later owner", RETURNS)):
        owner = bank.customer(name, opened=date(2020, 1, 1))
        owner.holds(300_000)
        owner.leaves(LEAVES).returns(back)
    return bank


@pytest.fixture(scope="module")
def warehouse(built_in_memory: MakeInMemory) -> Warehouse:
    return built_in_memory("return", bank_with_travellers(), COMPARED_MARTS)


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


def test_who_was_a_firm_for_a_while_is_tiered_since_the_first_time(warehouse: Warehouse) -> None:
    months = warehouse.query(
        "select month_start_date, first_tiered_month_date from customer_value.fct_customer_tier_monthly "
        "where customer_id = 'trader' and tier_rank > 0 order by 1"
    )

    *before, april = months
    # January ended without a batch on its last day: it is as its own last batch knew it, when he was a person
    assert before[-1]["month_start_date"] == date(2026, 1, 1)
    assert april["month_start_date"] == date(2026, 4, 1)
    assert {row["first_tiered_month_date"] for row in months} == {before[0]["month_start_date"]}


@pytest.mark.parametrize("owner", ["owner", "later owner"])
def test_money_keeps_its_row_and_its_main_org_while_the_customer_is_away(
    owner: str, warehouse: Warehouse
) -> None:
    months = warehouse.query(
        "select aum.month_start_date, aum.aum_end_amt, roles.role_code, tiers.tier_code "
        "from customer_value.fct_customer_aum_monthly as aum "
        "left join customer_value.fct_customer_org_role as roles using (customer_id, month_start_date) "
        "left join customer_value.fct_customer_tier_monthly as tiers using (customer_id, month_start_date) "
        "where customer_id = ? and month_start_date >= date '2026-01-01' order by 1",
        owner,
    )

    assert [row["month_start_date"].month for row in months] == [1, 2, 3, 4]
    assert {row["aum_end_amt"] for row in months} == {300_000}
    assert {row["role_code"] for row in months} == {"main"}
    assert len({row["tier_code"] for row in months}) == 1


@pytest.mark.parametrize("compare", COMPARISONS)
def test_they_agree_with_the_reference(compare: Compare, warehouse: Warehouse) -> None:
    differences = compare(warehouse, customer_value(replay(bank_with_travellers().deliveries())))
    assert not differences, as_text(differences)
