"""Cost pools: what each outlet spends in a month, by what it serves."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from sample_bank.columns import PPM, money
from sample_bank.ledger import Ledger
from sample_bank.rng import Ints
from sample_bank.world import World

COST_MONTHS = 3
"""Months before the first night's whose costs the initial load tells."""
POOLS = (("A", "accounts"), ("C", "customers"), ("T", "transactions"), ("B", "balances"))
SPREAD = (90, 110)
"""Least and greatest cost of an outlet in a month, in hundredths of what its volumes ask for."""


@dataclass
class Volumes:
    """What the outlets serve, counted chunk by chunk on one night."""

    outlets: int
    accounts: Ints = field(init=False)
    customers: Ints = field(init=False)
    transactions: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.accounts, self.customers, self.transactions = (
            np.zeros(self.outlets, dtype=np.int64) for _ in range(3)
        )

    def add(self, accounts: Ints, customers: Ints, transactions: Ints) -> None:
        """Add the outlets of some accounts, customers and transactions, one element each."""
        self.accounts += np.bincount(accounts, minlength=self.outlets)
        self.customers += np.bincount(customers, minlength=self.outlets)
        self.transactions += np.bincount(transactions, minlength=self.outlets)


def cost_table(world: World, night: int, volumes: list[Volumes], ledgers: list[Ledger]) -> pl.DataFrame:
    """The cost_pool extract of a night: a month's costs come with its last batch.

    The initial load tells the months before as if they had served what it tells. Transactions of days
    without a batch are taken to be those of the others.
    """
    timeline = world.timeline
    day = int(timeline.night_days[night])
    month = timeline.month_of(day)
    told = [month] if day == timeline.business_days[month][-1] else []
    if night == 0:
        told = list(range(max(0, month - COST_MONTHS), month)) + told
    rows = [row for index in told for row in _pools(world, index, night, volumes, ledgers)]
    return pl.DataFrame(
        {
            "cost_pool_id": pl.Series([row[0] for row in rows], dtype=pl.String),
            "cost_month": pl.Series([timeline.months[row[1]] for row in rows], dtype=pl.Date),
            "org_id": pl.Series([world.outlet_id(row[2]) for row in rows], dtype=pl.String),
            "amount": money("amount", np.array([row[4] for row in rows], dtype=np.int64)),
            "driver_code": pl.Series([row[3] for row in rows], dtype=pl.String),
        }
    )


def _pools(
    world: World, month: int, night: int, volumes: list[Volumes], ledgers: list[Ledger]
) -> list[tuple[str, int, int, str, int]]:
    """Pool, month, outlet, driver and cents of a month's pools; an outlet that serves nobody has none."""
    timeline, costs = world.timeline, world.profile.costs
    outlets = np.arange(world.outlets)
    seen = [i for i in range(night + 1) if timeline.month_of(int(timeline.night_days[i])) == month] or [night]
    moved = sum(volumes[i].transactions for i in seen) * len(timeline.business_days[month]) // len(seen)
    day = int(timeline.night_days[night])
    has_head_cost = outlets % costs.head_every == 0
    by_account = outlets // costs.head_every % 2 == 0
    asked = {
        "accounts": volumes[night].accounts * costs.account * (has_head_cost & by_account),
        "customers": volumes[night].customers * costs.customer * (has_head_cost & ~by_account),
        "transactions": moved * costs.transaction,
        # cents by millionths stay whole below 90 billion yuan an outlet
        "balances": ledgers[night].by_outlet(day) // 12 * costs.balance // PPM,
    }
    first = timeline.months[0].year * 12 + timeline.months[0].month - 1
    found = []
    for number, (letter, driver) in enumerate(POOLS):
        percent = world.dice.between("cost", *SPREAD, first + month, outlets, number)
        cents = asked[driver] * percent // 100
        found += [
            (f"CP{outlet:05d}{letter}", month, outlet, driver, amount)
            for outlet, amount in enumerate(cents.tolist())
            if amount > 0
        ]
    return found
