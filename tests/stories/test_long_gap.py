"""Two nights with two whole months, a quarter and a year between them.

No batch is due in January and February: every day of them carries 30 December, and nothing but the
calendar and the rates moves. Nights in memory; the golden bank passes a month end without a batch under dbt.
"""

from datetime import date
from decimal import Decimal

import pytest

from tests.conftest import MakeInMemory
from tests.reference.compare import as_text
from tests.reference.comparisons import COMPARED_MARTS, COMPARISONS, Compare
from tests.reference.customer_value import customer_value
from tests.reference.known import replay
from tests.support.bank import Bank
from tests.support.warehouse import Warehouse

DECEMBER_30, MARCH_2, MARCH_3 = date(2025, 12, 30), date(2026, 3, 2), date(2026, 3, 3)
FEBRUARY = date(2026, 2, 1)
OPENED = date(2025, 4, 1)


def sleeping_bank() -> Bank:
    """Customers whose balances, loans and cards sleep from December to March."""
    bank = Bank([DECEMBER_30, MARCH_2, MARCH_3])
    bank.rate("USD", "7", on=OPENED)
    bank.rate("USD", "7.2", on=date(2026, 2, 15))
    bank.customer("elder", opened=date(2015, 6, 1)).holds(1, since=date(2024, 12, 1))
    bank.customer("constant", opened=OPENED).holds(600_000).holds(100_000, since=MARCH_2)
    bank.customer("fading", opened=OPENED).account().months(60, *[30] * 9, to=date(2026, 1, 1))
    bank.customer("abroad", opened=OPENED).holds(1_000, currency="USD")
    bank.customer("closing", opened=OPENED).holds(28_000).closes(date(2026, 2, 15))
    card = bank.customer("diamond", opened=OPENED).card(
        grade="diamond", issued=date(2025, 12, 5), expires=date(2026, 1, 31)
    )
    card.spends(100_000, on=date(2025, 12, 10))
    bank.customer("borrower", opened=OPENED).borrows(1_500_000, since=OPENED).repaid(MARCH_2)
    return bank


@pytest.fixture(scope="module")
def warehouse(built_in_memory: MakeInMemory) -> Warehouse:
    return built_in_memory("sleeping", sleeping_bank(), COMPARED_MARTS)


def test_a_month_without_any_batch_has_rows_that_carry_the_last_day_before_it(warehouse: Warehouse) -> None:
    rows = warehouse.query(
        "select customer_id, aum_month_avg_amt from customer_value.fct_customer_aum_monthly "
        "where month_start_date = ?",
        FEBRUARY,
    )
    average = {row["customer_id"]: row["aum_month_avg_amt"] for row in rows}
    assert average["constant"] == 600_000
    # at December's rate: that of 15 February is told in March, and February is as its own last day knew it
    assert average["abroad"] == Decimal("7000.00")
    assert average["closing"] == 14_000  # 14 × 28,000 / 28


@pytest.mark.parametrize("compare", COMPARISONS)
def test_the_sleeping_bank_agrees_with_the_reference(compare: Compare, warehouse: Warehouse) -> None:
    differences = compare(warehouse, customer_value(replay(sleeping_bank().deliveries())))
    assert not differences, as_text(differences)
