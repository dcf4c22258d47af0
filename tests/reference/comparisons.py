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
from tests.support.memory_nights import MemoryNights
from tests.support.warehouse import Warehouse

Compare = Callable[[Warehouse | MemoryNights, Expected], list[str]]
COMPARED_MARTS = (
    "fct_customer_aum_part_monthly", "fct_customer_aum_daily", "fct_customer_org_role", "fct_month_recorded",
    "fct_customer_tier_status_monthly", "fct_tier_event", "fct_tier_reason",
)  # fmt: skip
"""What all comparisons together read, with what it is made of."""

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
