"""Rates that a batch tells of days to come: Friday's of the weekend, of which Monday's says nothing."""

from datetime import date
from decimal import Decimal

import pytest

from tests.reference.compare import aum_differences
from tests.reference.customer_value import customer_value
from tests.reference.known import replay
from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

THURSDAY, FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 1, day) for day in (8, 9, 10, 11, 12))


@pytest.mark.parametrize(
    ("sent", "weekend"),
    [
        # Friday's rate holds over a weekend of which nothing is told
        ({FRIDAY: {FRIDAY: "7.10"}}, ("7.10", "7.10")),
        ({FRIDAY: {FRIDAY: "7.10", SATURDAY: "7.20", SUNDAY: "7.30"}}, ("7.20", "7.30")),
        ({FRIDAY: {FRIDAY: "7.10", SUNDAY: "7.30"}}, ("7.10", "7.30")),
        # the later word of a day counts
        ({THURSDAY: {SATURDAY: "6.00"}, FRIDAY: {FRIDAY: "7.10", SATURDAY: "7.20"}}, ("7.20", "7.20")),
        ({FRIDAY: {FRIDAY: "7.10", SATURDAY: "7.20"}, MONDAY: {SATURDAY: "7.25"}}, ("7.25", "7.25")),
        ({THURSDAY: {SATURDAY: "7.20"}, FRIDAY: {FRIDAY: "7.10"}}, ("7.20", "7.20")),
    ],
)  # fmt: skip
def test_a_day_is_valued_by_the_rate_that_was_told_of_it(
    sent: dict[date, dict[date, str]], weekend: tuple[str, str]
) -> None:
    bank = Bank([THURSDAY, FRIDAY, MONDAY])
    bank.customer("abroad", opened=THURSDAY).account(currency="USD", opened=THURSDAY).holds(
        1_000, since=THURSDAY
    )
    deliveries = bank.deliveries()
    for delivery, of_the_day in zip(deliveries, ("7.00", "7.10", "7.50"), strict=True):
        night = delivery.business_date
        rates = {night: of_the_day} | sent.get(night, {})
        delivery.tables["fx_rate"] = [
            {"currency": "USD", "rate_date": day, "mid_rate": Decimal(rate)} for day, rate in rates.items()
        ]
    nights = MemoryNights(["fct_customer_aum_part_monthly"])
    for delivery in deliveries:
        nights.run(delivery)

    assert aum_differences(nights, customer_value(replay(deliveries))) == []
    (row,) = nights.query("select balance_sum_amt, aum_end_amt from customer_value.fct_customer_aum_monthly")
    assert row["balance_sum_amt"] == 1_000 * sum(map(Decimal, ("7.00", "7.10", *weekend, "7.50")))
    assert row["aum_end_amt"] == 7_500
