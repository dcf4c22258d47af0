"""All comparisons of a warehouse with the reference, for the tests that want every row of every table."""

from collections.abc import Callable

from tests.reference.compare import (
    aum_differences,
    event_differences,
    recorded_differences,
    status_differences,
    tier_differences,
)
from tests.reference.compare_parts import (
    daily_differences,
    distance_differences,
    part_differences,
    role_differences,
)
from tests.reference.customer_value import Expected
from tests.support.warehouse import Warehouse

Compare = Callable[[Warehouse, Expected], list[str]]

COMPARISONS: tuple[Compare, ...] = (
    aum_differences,
    tier_differences,
    status_differences,
    event_differences,
    recorded_differences,
    part_differences,
    role_differences,
    daily_differences,
    distance_differences,
)
