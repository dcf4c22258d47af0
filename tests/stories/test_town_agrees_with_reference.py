"""Every row of the town against the brute-force reference, not only those a story names."""

import pytest

from tests.reference.compare import as_text
from tests.reference.comparisons import COMPARISONS, Compare
from tests.reference.customer_value import Expected, customer_value
from tests.reference.known import replay
from tests.support.bank import Bank
from tests.support.warehouse import Warehouse


@pytest.fixture(scope="module")
def expected(town_bank: Bank) -> Expected:
    return customer_value(replay(town_bank.deliveries()))


@pytest.mark.parametrize("compare", COMPARISONS)
def test_the_town_agrees_with_the_reference(
    compare: Compare, town_warehouse: Warehouse, expected: Expected
) -> None:
    differences = compare(town_warehouse, expected)
    assert not differences, as_text(differences)
