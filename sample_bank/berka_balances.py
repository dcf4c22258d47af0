"""Running balances of the Berka bank: what the bank's own extracts would have said each night.

The data set has no balance table. A balance is the sum of what was booked so far, in exact decimals; the
balance stored beside a transaction is not used, because posting order within a day is unknown.
"""

from collections.abc import Iterator
from datetime import date

import polars as pl

from sample_bank.berka_source import MONEY


def closing_balances(opened: pl.DataFrame, movements: pl.DataFrame) -> pl.DataFrame:
    """The closing balance of every day on which something changed.

    Args:
        opened: ``id``, ``date``, ``amount``: the day each account or loan begins and with how much.
        movements: ``id``, ``date``, ``amount``: signed amounts booked since.

    Returns:
        ``id``, ``date``, ``balance``, ordered by both, from the day it begins on.
    """
    return (
        pl.concat([opened, movements])
        .group_by("id", "date")
        .agg(pl.col("amount").sum())
        .sort("id", "date")
        .select("id", "date", balance=pl.col("amount").cum_sum().over("id").cast(MONEY))
    )


def nightly_balances(closing: pl.DataFrame, nights: list[date]) -> Iterator[pl.DataFrame]:
    """For each night, ``id`` and ``balance`` of everything that had begun by then."""
    changed = closing.partition_by("date", as_dict=True)
    state = closing.filter(pl.col("date") < nights[0]).unique("id", keep="last")
    for night in nights:
        if (today := changed.get((night,))) is not None:
            state = pl.concat([state, today]).unique("id", keep="last", maintain_order=True)
        yield state.select("id", "balance").sort(pl.col("id").cast(pl.Int64))


def monthly_history(closing: pl.DataFrame, before: date) -> pl.DataFrame:
    """Month-end balance and balance sum (积数) of every month up to the day before ``before``.

    A month's sum cannot be taken apart again, and an overdrawn day counts 0 as an asset, so overdrawn days
    add 0 to the sum; the month-end balance keeps its sign.

    Returns:
        ``id``, ``balance_month``, ``month_end_balance``, ``balance_sum``, ``day_count``; the running month,
        if ``before`` lies within one, covers its days so far.
    """
    spells = (
        closing.filter(pl.col("date") < before)
        .with_columns(until=pl.col("date").shift(-1).over("id").fill_null(pl.lit(before)))
        .with_columns(
            balance_month=pl.date_ranges(
                pl.col("date").dt.truncate("1mo"), pl.col("until").dt.offset_by("-1d"), "1mo"
            )
        )
        .explode("balance_month")
    )
    month_end = pl.min_horizontal(pl.col("balance_month").dt.offset_by("1mo"), pl.lit(before))
    first_day = pl.max_horizontal("date", "balance_month")
    days = (pl.min_horizontal("until", month_end) - first_day).dt.total_days()
    return (
        spells.with_columns(
            balance_sum=pl.max_horizontal("balance", pl.lit(0, MONEY)) * days,
            day_count=(month_end - pl.col("balance_month")).dt.total_days(),
        )
        .group_by("id", "balance_month", maintain_order=True)
        .agg(
            month_end_balance=pl.col("balance").last(),
            balance_sum=pl.col("balance_sum").sum().cast(MONEY),
            day_count=pl.col("day_count").last(),
        )
        .sort(pl.col("id").cast(pl.Int64), "balance_month")
    )
