"""What all customers share: organisations, staff, exchange rates, prices and transfer-price curves."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl

from sample_bank.catalogue import INVESTMENTS, PRODUCTS
from sample_bank.columns import PPM, rates, ratios
from sample_bank.profile import Profile
from sample_bank.rng import Dice, Ints
from sample_bank.timeline import Timeline, as_date, date_series, is_business_day
from sample_bank.transfer_prices import TransferPrices

HEAD_OFFICE = "00001"
STAFF_PER_OUTLET = 8
MANAGER, TELLERS, MANAGERS_OF_RELATIONS = 0, (1, 2, 3), (4, 5, 6, 7)
POSTS = ("outlet_manager",) + ("teller",) * 3 + ("relationship_manager",) * 4
FOREIGN_RATES = {"USD": 7_100_000, "HKD": 910_000, "EUR": 7_750_000}


@dataclass(frozen=True)
class World:
    """The bank around its customers.

    Attributes:
        outlets: Number of outlets; the last one is merged into the one before it.
    """

    dice: Dice
    timeline: Timeline
    profile: Profile
    outlets: int

    @property
    def merged(self) -> int:
        """Outlet that is closed on the merger's day."""
        return self.outlets - 1

    def org_of(self, outlets: Ints, day: int) -> Ints:
        """The outlet that does the business of another on a day."""
        if day < self.timeline.merger_day:
            return outlets
        moved: Ints = np.where(outlets == self.merged, self.merged - 1, outlets)
        return moved

    def outlet_at(self, outlet: int, day: int) -> int:
        """The outlet that does the business of one outlet on a day."""
        return self.merged - 1 if outlet == self.merged and day >= self.timeline.merger_day else outlet

    def org_ids(self, name: str, outlets: Ints) -> pl.Series:
        """Identifiers of outlets."""
        return pl.Series(name, self._outlet_ids).gather(outlets)

    def outlet_id(self, outlet: int) -> str:
        """Identifier of one outlet."""
        return self._outlet_ids[outlet]

    @cached_property
    def _outlet_ids(self) -> list[str]:
        return [f"{1000 + outlet:05d}" for outlet in range(self.outlets)]

    def org_table(self, day: int) -> pl.DataFrame:
        """The organisation tree as of a day."""
        subs = -(-self.outlets // 4)
        branches = -(-subs // 5)
        rows: list[tuple[str, str, str, str | None]] = [(HEAD_OFFICE, "总行", "head_office", None)]
        rows += [(f"{100 + b:05d}", f"第{b + 1}分行", "branch", HEAD_OFFICE) for b in range(branches)]
        rows += [
            (f"{500 + s:05d}", f"第{s + 1}支行", "sub_branch", f"{100 + s // 5:05d}") for s in range(subs)
        ]
        rows += [
            (self.outlet_id(o), f"第{o + 1}网点", "outlet", f"{500 + o // 4:05d}")
            for o in range(self.outlets)
        ]
        is_merged = day >= self.timeline.merger_day
        closing = as_date(self.timeline.merger_day) if is_merged else None
        merged_id = self.outlet_id(self.merged)
        return pl.DataFrame(
            {
                "org_id": [row[0] for row in rows],
                "org_name": [row[1] for row in rows],
                "org_level": [row[2] for row in rows],
                "parent_org_id": [row[3] for row in rows],
                "region_code": ["320500"] * len(rows),
                "open_date": [date(1998, 1, 1)] * len(rows),
                "close_date": pl.Series(
                    [closing if r[0] == merged_id else None for r in rows], dtype=pl.Date
                ),
                "successor_org_id": pl.Series(
                    [
                        self.outlet_id(self.merged - 1) if is_merged and r[0] == merged_id else None
                        for r in rows
                    ],
                    dtype=pl.String,
                ),
            }
        )

    @staticmethod
    def employee_id(employee: int) -> str:
        """Identifier of a member of staff; the outlet's staff follow one another."""
        return f"E{employee + 1:06d}"

    def staff(self, outlet: int, place: int) -> int:
        """The employee who began in a place of an outlet."""
        return outlet * STAFF_PER_OUTLET + place

    def outlet_of(self, employee: int, day: int) -> int:
        """The outlet an employee works for on a day."""
        outlet = employee // STAFF_PER_OUTLET
        if self._moves(employee) and day >= self._night(1):
            outlet = (outlet + 1) % self.outlets
        return self.outlet_at(outlet, day)

    def left_on(self, employee: int) -> int | None:
        """The day an employee leaves the bank, if any."""
        outlet, place = divmod(employee, STAFF_PER_OUTLET)
        leaves = (place == TELLERS[2] and outlet % 4 == 0) or (
            place == MANAGERS_OF_RELATIONS[2] and outlet % 6 == 1
        )
        return self._night(2) if leaves else None

    def is_here(self, employee: int, day: int) -> bool:
        """Whether an employee still works for the bank on a day."""
        left = self.left_on(employee)
        return left is None or day < left

    def _moves(self, employee: int) -> bool:
        outlet, place = divmod(employee, STAFF_PER_OUTLET)
        return place == MANAGERS_OF_RELATIONS[3] and outlet % 5 == 0

    def _night(self, index: int) -> int:
        return int(self.timeline.night_days[min(index, len(self.timeline.night_days) - 1)])

    def employee_table(self, day: int) -> pl.DataFrame:
        """The staff as of a day."""
        count = self.outlets * STAFF_PER_OUTLET
        lefts = [self.left_on(employee) for employee in range(count)]
        gone = [left is not None and left <= day for left in lefts]
        left_dates = [as_date(left) if left is not None and left <= day else None for left in lefts]
        return pl.DataFrame(
            {
                "employee_id": [self.employee_id(e) for e in range(count)] + ["E900001"],
                "employee_name": [f"员工{e + 1}" for e in range(count)] + ["产品经理1"],
                "org_id": [self.outlet_id(self.outlet_of(e, day)) for e in range(count)] + [HEAD_OFFICE],
                "post": [POSTS[e % STAFF_PER_OUTLET] for e in range(count)] + ["product_manager"],
                "status": ["left" if is_gone else "active" for is_gone in gone] + ["active"],
                "hired_on": [date(2010 + e % 10, 1 + e % 12, 1) for e in range(count)] + [date(2012, 5, 1)],
                "left_on": pl.Series([*left_dates, None], dtype=pl.Date),
            }
        )

    @cached_property
    def _price_start(self) -> int:
        return int(self.timeline.month_starts[0]) - 40

    @cached_property
    def _price_days(self) -> Ints:
        return np.arange(self._price_start, int(self.timeline.month_starts[-1]))

    @cached_property
    def _price_is_new(self) -> Ints:
        """1 on business days: rates and prices stand still on the others."""
        return np.array([int(is_business_day(as_date(int(day)))) for day in self._price_days])

    @cached_property
    def exchange_rates(self) -> dict[str, Ints]:
        """CNY per unit in millionths, by currency and day."""
        found = {"CNY": np.full(len(self._price_days), PPM)}
        for number, (currency, level) in enumerate(FOREIGN_RATES.items()):
            steps = self.dice.between("fx", -level // 500, level // 500, self._price_days, number)
            found[currency] = level + np.cumsum(steps * self._price_is_new)
        return found

    def exchange_rate(self, currency: str, day: int) -> int:
        """CNY per unit on a day, in millionths."""
        return int(self.exchange_rates[currency][day - self._price_start])

    @cached_property
    def _prices(self) -> dict[int, Ints]:
        found = {}
        for product in INVESTMENTS.tolist():
            swing = {"fund": 6_000, "gold": 7_000}.get(PRODUCTS[product].line, 150)
            steps = self.dice.between("price", -swing, swing + 120, self._price_days, product)
            found[product] = np.maximum(PPM + np.cumsum(steps * self._price_is_new), PPM // 2)
        return found

    def price_share(self, product: Ints, day: int) -> Ints:
        """Price of each product on a day as millionths of its price on the last day generated."""
        last = int(self.timeline.night_days[-1]) - self._price_start
        shares = np.full(len(PRODUCTS), PPM)
        for index, prices in self._prices.items():
            shares[index] = prices[day - self._price_start] * PPM // prices[last]
        return shares[product]

    def fx_table(self, day: int) -> pl.DataFrame:
        """Mid rates of all business days up to a day."""
        known = (self._price_days <= day) & (self._price_is_new == 1)
        days = self._price_days[known]
        frames = [
            pl.DataFrame(
                {
                    "currency": [currency] * len(days),
                    "rate_date": date_series("rate_date", days),
                    "mid_rate": rates("mid_rate", self.exchange_rates[currency][known]),
                }
            )
            for currency in FOREIGN_RATES
        ]
        return pl.concat(frames)

    @cached_property
    def transfer_prices(self) -> TransferPrices:
        """What money costs by tenor and day."""
        return TransferPrices(self.dice, self.timeline)

    def ratio_table(self) -> pl.DataFrame:
        """Seller and referrer ratios; physical gold has none at the bank's level."""
        since = date(2015, 1, 1)
        codes = sorted({p.sales_code for p in PRODUCTS if p.sales_code} - {"physical_gold"})
        rows = [("bank", "bank", code, 70_000) for code in codes]
        rows += [("org", self.outlet_id(0), "*", 80_000), ("org", self.outlet_id(0), "insurance", 75_000)]
        rows += [("employee", self.employee_id(self.staff(1, TELLERS[0])), "*", 60_000)]
        seller = np.array([row[3] for row in rows])
        return pl.DataFrame(
            {
                "scope_type": [row[0] for row in rows],
                "scope_id": [row[1] for row in rows],
                "sales_product_code": [row[2] for row in rows],
                "valid_from": [since] * len(rows),
                "seller_ratio": ratios("seller_ratio", seller),
                "referrer_ratio": ratios("referrer_ratio", 100_000 - seller),
            }
        )
