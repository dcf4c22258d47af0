"""Answer key of events that follow on others, and what looking back over movements needs (chapter 5.3)."""

from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

import polars as pl

from sample_bank.people import Customers
from sample_bank.told import Told

GAP_DAYS, LEFT_DAYS, LEFT_PERCENT = 14, 10, 80
SCALE = 10**12
"""Owned amounts are cents × rate × share, both in millionths."""

Row = dict[str, Any]


def cents_of(amount: int) -> int:
    """An owned amount in cents, rounded half up away from zero."""
    size = (2 * abs(amount) + SCALE) // (2 * SCALE)
    return size if amount >= 0 else -size


def by_customer(owned: pl.DataFrame) -> Iterator[tuple[int, list[Row]]]:
    """Movements of each owner, in the order of the nights."""
    rows = owned.select("owner", "night", "day", "amount", "is_back").sort("owner", maintain_order=True)
    for owner, group in groupby(rows.iter_rows(named=True), itemgetter("owner")):
        yield owner, list(group)


def tell_sequences(owned: pl.DataFrame, people: Customers, nights: list[int], told: Told) -> None:
    """Tell of inflows that nothing was bought for, and of deposits that fell due and left."""
    places = {number: place for place, number in enumerate(people.numbers.tolist())}
    inflows, dues = told.of("large_inflow"), told.of("account_maturing")
    bought = dict(by_customer(_of_those(owned.filter("is_purchase"), places, inflows)))
    for number, event in enumerate(inflows.iter_rows(named=True)):
        place, end = places[event["customer"]], event["event_day"] + GAP_DAYS
        night = next((night for night in nights if night >= end), None)
        count = sum(
            -1 if row["is_back"] else 1
            for row in bought.get(place, [])
            if event["event_day"] <= row["day"] <= end and night is not None and row["night"] <= night
        )
        if night is not None and night > event["night"] and count <= 0:
            told.tell("inflow_then_purchase_gap", night, people.numbers[[place]], number, day=end)
    left = dict(by_customer(_of_those(owned.filter(pl.col("is_outside") & pl.col("is_out")), places, dues)))
    for number, event in enumerate(dues.iter_rows(named=True)):
        place, due = places[event["customer"]], event["event_day"]
        rows = [row for row in left.get(place, []) if due <= row["day"] <= due + LEFT_DAYS]
        for before, night in pairwise(nights):
            known = [row for row in rows if row["night"] <= night]
            gone = cents_of(-sum(row["amount"] for row in known))
            is_news = any(row["night"] == night for row in known) or event["night"] == before
            is_after = night >= due and night > event["night"]
            if is_after and is_news and known and gone * 100 >= LEFT_PERCENT * event["amount"]:
                told.tell("maturity_then_outflow", night, people.numbers[[place]], number, amount=gone)
                break


def _of_those(owned: pl.DataFrame, places: dict[int, int], events: pl.DataFrame) -> pl.DataFrame:
    """Movements of customers with such an event."""
    owners = sorted({places[number] for number in events["customer"].to_list()})
    return owned.join(pl.DataFrame({"owner": owners}, schema={"owner": pl.Int64}), on="owner", how="semi")
