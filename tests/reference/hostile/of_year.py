"""The contribution of a year, from the contribution of its months as published."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.reference.hostile.told import Row, rounded
from tests.support.timeline import add_months


@dataclass(frozen=True)
class Worth:
    """What a customer earned the bank in 12 months; no average where none of them is whole."""

    total: Decimal
    average: Decimal | None


def of_year(contributions: Iterable[Row]) -> dict[tuple[str, date], Worth]:
    """By customer and month, of all who have anything in one of the 12 months, this one or an earlier one.

    Args:
        contributions: Rows of ``fct_customer_contribution_monthly``.
    """
    rows = list(contributions)
    months = {row["month_start_date"] for row in rows}
    amounts: dict[tuple[str, date], list[Decimal]] = {}
    for row in rows:
        for ahead in range(12):
            month = add_months(row["month_start_date"], ahead)
            # months of which some days are not recorded count in no year, but their customers are there
            if month in months and (not row["is_partial_month"] or not ahead):
                of = amounts.setdefault((row["customer_id"], month), [])
                if not row["is_partial_month"]:
                    of.append(row["contribution_amt"])
    return {
        key: Worth(sum(of, Decimal(0)), rounded(Fraction(sum(of)) / len(of)) if of else None)
        for key, of in amounts.items()
    }
