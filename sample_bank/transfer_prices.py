"""Transfer-price (FTP) curves: what money of a tenor costs on a day."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from sample_bank.catalogue import PRODUCTS
from sample_bank.columns import rates
from sample_bank.rng import Dice, Ints
from sample_bank.timeline import Timeline, as_date, date_series, day_number, earlier_month, is_business_day

TENORS = np.array([0, 30, 91, 182, 365, 730, 1095, 1825, 3650])
CURVES = {
    "CNY": np.array([20_000, 20_800, 22_300, 23_500, 25_200, 27_700, 29_800, 32_000, 34_000]),
    "USD": np.array([20_000, 20_500, 21_500, 22_500, 24_000, 26_000, 28_000, 31_000, 34_000]),
}
"""Rate by tenor in millionths: the longer, the dearer, and less so with every year."""
DAILY_SWING = 400
MONTHS_BEFORE = 36
DAYS_BEFORE = 45


@dataclass(frozen=True)
class TransferPrices:
    """The curves of a bank. All tenors of a day move together."""

    dice: Dice
    timeline: Timeline

    def _quoted(self, day: int) -> list[int]:
        """Days with a quote told by the batch of a day: the first of earlier months, then day by day."""
        timeline = self.timeline
        start = earlier_month(timeline.months[0], MONTHS_BEFORE)
        firsts = {
            day_number(earlier_month(start, -month)) for month in range(MONTHS_BEFORE + len(timeline.months))
        }
        recent = {d for d in range(day - DAYS_BEFORE, day + 1) if is_business_day(as_date(d))}
        # one day was never quoted
        missing = int(timeline.night_days[1]) if len(timeline.nights) > 2 else 0
        return sorted(d for d in firsts | recent if d <= day and d != missing)

    @cached_property
    def _known(self) -> Ints:
        """All days with a quote that any batch tells."""
        return np.array(sorted({d for night in self.timeline.night_days for d in self._quoted(int(night))}))

    def table(self, day: int) -> pl.DataFrame:
        """The ftp_rate extract of a batch."""
        grid = [
            (curve, place, d) for curve in CURVES for place in range(len(TENORS)) for d in self._quoted(day)
        ]
        level = np.array([CURVES[curve][place] for curve, place, _ in grid])
        days = np.array([d for _, _, d in grid])
        return pl.DataFrame(
            {
                "curve_id": [curve for curve, _, _ in grid],
                "tenor_days": [int(TENORS[place]) for _, place, _ in grid],
                "rate_date": date_series("rate_date", days),
                "rate": rates("rate", level + self._swing(days)),
            }
        )

    def _swing(self, days: Ints) -> Ints:
        return self.dice.between("ftp", -DAILY_SWING, DAILY_SWING, days)

    def rates(self, product: Ints, days: Ints, tenors: Ints) -> Ints:
        """Rate of each product's curve at a day and tenor, in millionths; 0 for a product without a curve.

        Linear between tenors, rounded half up, flat beyond the ends; the last quote on or before the day,
        or the first of all.
        """
        place = np.maximum(np.searchsorted(self._known, days, side="right") - 1, 0)
        swing = self._swing(self._known[place])
        tenors = np.clip(tenors, TENORS[0], TENORS[-1])
        above = np.maximum(np.searchsorted(TENORS, tenors), 1)
        span, into = TENORS[above] - TENORS[above - 1], tenors - TENORS[above - 1]
        found = np.zeros(len(product), dtype=np.int64)
        for curve, level in CURVES.items():
            on_curve = _CURVE_OF[product] == curve
            exact = level[above - 1] * span + (level[above] - level[above - 1]) * into
            found = np.where(on_curve, (2 * exact + span) // (2 * span) + swing, found)
        return found


_CURVE_OF = np.array([product.curve or "" for product in PRODUCTS])
