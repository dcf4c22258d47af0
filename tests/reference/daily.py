"""AUM day by day of the customers who had a tier when the night computed it (2.1)."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.reference.aum import held_on, rounded
from tests.reference.customer_value import Expected, customer_value
from tests.support.timeline import days, month_start


def daily_aum(expected: Expected) -> dict[tuple[str, date], Decimal]:
    """Rows of ``fct_customer_aum_daily``: each night adds the days since the night before."""
    ledger = expected.ledger
    rows: dict[tuple[str, date], Decimal] = {}
    for count, night in enumerate(ledger.nights, 1):
        as_of = customer_value(replace(ledger, nights=ledger.nights[:count]))
        first = ledger.nights[count - 2].business_date + timedelta(1) if count > 1 else night.business_date
        for day in days(first, night.business_date):
            amounts: dict[str, Fraction] = defaultdict(Fraction)
            for held in held_on(ledger, day):
                amounts[held.customer_id] += held.amount
            for customer, months in as_of.tiers.items():
                tier = months.get(month_start(day))
                if tier is not None and tier.tier_code != "ordinary":
                    rows[customer, day] = rounded(amounts[customer])
    return rows
