"""Months before the first night, as the initial load tells them."""

from dataclasses import dataclass

from sample_bank.rng import Ints


@dataclass(frozen=True)
class HistoryMonth:
    """One recorded month of the initial load, by account.

    Attributes:
        month: Index of the month.
        days: Calendar days covered.
        places: Accounts with a row.
        ends: Balance of the last day covered.
        sums: Sum of the daily balances.
    """

    month: int
    days: int
    places: Ints
    ends: Ints
    sums: Ints
