"""Events as the answer key tells them, each once (chapter 5.3); what makes them is in ``event_*.py``."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from sample_bank.columns import money
from sample_bank.people import customer_ids
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import NEVER, date_series

NOTHING = -(10**17)
"""No amount."""
KEYS = ("event_code", "subject", "key")
_SCHEMA = {
    "event_code": pl.String(),
    "customer": pl.Int64(),
    "subject": pl.Int64(),
    "key": pl.Int64(),
    "event_day": pl.Int64(),
    "night": pl.Int64(),
    "amount": pl.Int64(),
    "count": pl.Int64(),
    "reference": pl.Int64(),
    "is_change": pl.Boolean(),
}


@dataclass
class Told:
    """What the nights of a chunk find; of one event, the first night counts.

    Attributes:
        first: The first night: it sets states and tells no change.
    """

    first: int
    _frames: list[pl.DataFrame] = field(default_factory=list)

    def tell(
        self,
        code: str,
        night: Ints | int,
        customers: Ints,
        key: Ints | int,
        *,
        day: Ints | int | None = None,
        subject: Ints | None = None,
        amount: Ints | int = NOTHING,
        count: Ints | int = -1,
        reference: Ints | int = NEVER,
        is_change: bool = False,
    ) -> None:
        """Add events of a code, customers by their number; what is named once holds for all.

        Args:
            key: The key date or stage, as a number.
            day: When it happened or falls due; the night, if not given.
            subject: Number of the subject; the customer's own, if not given.
        """
        if not len(customers):
            return
        size = len(customers)
        columns = {
            "customer": customers,
            "subject": customers if subject is None else subject,
            "key": key,
            "event_day": night if day is None else day,
            "night": night,
            "amount": amount,
            "count": count,
            "reference": reference,
        }
        wide = {name: np.broadcast_to(values, size).astype(np.int64) for name, values in columns.items()}
        told = {"event_code": [code] * size, **wide, "is_change": [is_change] * size}
        self._frames.append(pl.DataFrame(told, schema=_SCHEMA))

    def events(self) -> pl.DataFrame:
        """Every event with the night that tells it, those of the first night that are changes among them."""
        found = pl.concat([pl.DataFrame(schema=_SCHEMA), *self._frames])
        return found.sort("night", maintain_order=True).unique(KEYS, keep="first", maintain_order=True)

    def of(self, code: str) -> pl.DataFrame:
        """Events of a code so far."""
        return self.events().filter(pl.col("event_code") == code)

    def table(self) -> pl.DataFrame:
        """The answer key: one row per event that is told."""
        told = self.events().filter(~(pl.col("is_change") & (pl.col("night") == self.first)))
        told = told.sort("event_code", "customer", "subject", "key")
        count = told["count"].set(told["count"] < 0, None)
        amounts = told["amount"].to_numpy()
        amount = money("amount_amt", np.where(amounts == NOTHING, 0, amounts))
        return pl.DataFrame(
            [
                told["event_code"],
                customer_ids("customer_id", told["customer"].to_numpy()),
                date_series("event_date", told["event_day"].to_numpy()),
                date_series("business_date", told["night"].to_numpy()),
                amount.set(told["amount"] == NOTHING, None),
                count.alias("event_cnt"),
                date_series("reference_date", told["reference"].to_numpy()),
            ]
        )


def stages_reached(was: Ints, now: Ints, stages: tuple[int, ...]) -> Ints:
    """The highest stage that was not reached before and is now; 0 where there is none."""
    highest = np.zeros(len(now), dtype=np.int64)
    for stage in stages:
        is_new: Bools = (was < stage) & (now >= stage)
        highest = np.where(is_new, stage, highest)
    return highest
