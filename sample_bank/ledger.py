"""The books' own totals by organisation and asset class."""

import numpy as np
import polars as pl

from sample_bank.catalogue import CURRENCIES, PRODUCTS
from sample_bank.columns import PPM, money
from sample_bank.rng import Ints
from sample_bank.world import FOREIGN_RATES, World

ASSET_CLASSES = ("deposit", "wealth", "settlement", "loan")
_CLASS_OF = np.array(
    [{name: i for i, name in enumerate(ASSET_CLASSES)}.get(p.asset_class, 0) for p in PRODUCTS]
)
_MONEY = ("CNY", *FOREIGN_RATES)
_CURRENCY_OF = np.array([_MONEY.index(currency) for currency in CURRENCIES])


class Ledger:
    """Adds up one night's balances, exactly, by outlet, asset class and currency."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cents = np.zeros((world.outlets, len(ASSET_CLASSES), len(_MONEY)), dtype=np.int64)

    def add(self, outlets: Ints, product: Ints, cents: Ints) -> None:
        """Add balances in their own currency."""
        np.add.at(self._cents, (outlets, _CLASS_OF[product], _CURRENCY_OF[product]), cents)

    def by_outlet(self, day: int) -> Ints:
        """What lies at each outlet on a day, of every class, in CNY cents rounded down."""
        rates = np.array([self._world.exchange_rate(currency, day) for currency in _MONEY])
        by_currency = self._cents.sum(axis=1)
        # yuan by currency stay whole where cents by millionths would not
        cents: Ints = (by_currency // 100 * rates[None, :] // PPM).sum(axis=1) * 100
        return cents

    def table(self, day: int) -> pl.DataFrame:
        """The ledger_control extract: totals in CNY at the day's mid rates, rounded half up."""
        rates = [self._world.exchange_rate(currency, day) for currency in _MONEY]
        rows = [
            (
                self._world.outlet_id(outlet),
                name,
                sum(c * r for c, r in zip(cents.tolist(), rates, strict=True)),
            )
            for outlet in range(self._world.outlets)
            for name, cents in zip(ASSET_CLASSES, self._cents[outlet], strict=True)
        ]
        totals = [(2 * total + PPM) // (2 * PPM) for _, _, total in rows]
        return pl.DataFrame(
            {
                "org_id": [row[0] for row in rows],
                "asset_class": [row[1] for row in rows],
                "balance": money("balance", np.array(totals, dtype=np.int64)),
            }
        )
