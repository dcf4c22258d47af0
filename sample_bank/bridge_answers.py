"""Answer key of the AUM bridge: what moved every customer's AUM, month by month (chapter 5.2).

Reckoned from the generator's own movements in whole numbers, not from the extracts nor from the models.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.answers import UNIT, wide
from sample_bank.balances import Book
from sample_bank.catalogue import CURRENCIES, PRODUCTS, WEIGHTS
from sample_bank.columns import PPM, money
from sample_bank.flows import FEE, INTEREST, LOAN, PURCHASE, REDEMPTION, FlowTable
from sample_bank.owners import Claims, partners_of
from sample_bank.people import customer_ids
from sample_bank.rng import Bools, Ints
from sample_bank.sales import Trade
from sample_bank.timeline import NEVER

PARTS = (
    "scope", "fx", "new_money_in", "money_out", "transfer_in", "transfer_out", "own_transfer", "interest",
    "fee", "loan_flow", "overdraft", "investment_result",
)  # fmt: skip
SCOPE, FX, MONEY, TRANSFERS, OWN, INTERESTS, FEES, LOANS, OVERDRAFTS, RESULT = 0, 1, 2, 4, 6, 7, 8, 9, 10, 11
_BOOKED = {INTEREST: INTERESTS, FEE: FEES, LOAN: LOANS, PURCHASE: RESULT, REDEMPTION: RESULT}
_IS_WEALTH = np.array([product.asset_class == "wealth" for product in PRODUCTS])


@dataclass
class _Held:
    """What the accounts held on a night: the balance, what AUM counts of it, and CNY per unit."""

    balance: Ints
    counted: Ints
    rates: Ints


class BridgeBook:
    """Adds up the movements of a chunk of customers; made before the first night, asked for after the last.

    Amounts by account are cents × exchange rate in millionths; weight and share come in by owner.
    """

    def __init__(self, book: Book, claims: Claims, trades: list[Trade]) -> None:
        self._book, self._claims = book, claims
        self._world, self._accounts, self._timeline = book.world, book.accounts, book.timeline
        self._partners = partners_of(claims, len(book.accounts))
        self._changes = np.full(len(book.accounts), NEVER)
        self._changes[claims.accounts] = claims.changes
        self._first = int(self._timeline.night_days[0])
        self._trades = [trade for trade in trades if _leaves_aum(trade)]
        self._month = self._timeline.first_night_month
        self._held = self._now(self._first - 1)
        worth = self._held.counted * self._held.rates
        self._opening = self._by_owner(self._as_versions(worth, self._first))
        self._months: list[pl.DataFrame] = []
        self._begin_month()

    def _begin_month(self) -> None:
        accounts = len(self._accounts)
        self._parts = np.zeros((2, len(PARTS), accounts), dtype=np.int64)
        self._unexplained = np.zeros((2, accounts), dtype=np.int64)
        self._sold = np.zeros((2, accounts), dtype=np.int64)
        self._moved = np.zeros((2, accounts), dtype=np.bool_)
        self._reshared = np.zeros(accounts, dtype=np.int64)

    def _now(self, day: int) -> _Held:
        book = self._book
        places, values = book.market_values(day)
        balance = np.where(book.is_deposit, book.balance, 0)
        balance[places] = values
        return _Held(balance, np.maximum(balance, 0), self.rates_now(day))

    def _as_versions(self, amounts: Ints, day: int) -> Ints:
        """The amounts by the shares in force: before and after the account's change of shares."""
        is_later = self._changes <= day
        return np.stack([np.where(is_later, 0, amounts), np.where(is_later, amounts, 0)])

    def add_night(self, flows: FlowTable, day: int, previous: int) -> None:
        """Add what moved since the night before."""
        if self._timeline.month_of(day) != self._month:
            self._close_month(previous)
            self._month = self._timeline.month_of(day)
        was, now = self._held, self._now(day)
        is_deposit = self._book.is_deposit
        parts = np.zeros((len(PARTS), len(self._accounts)), dtype=np.int64)
        parts[FX] = (now.rates - was.rates) * was.counted
        lent = (now.counted - now.balance) - (was.counted - was.balance)
        parts[OVERDRAFTS] = np.where(is_deposit, lent, 0) * now.rates
        parts[RESULT] = np.where(is_deposit, 0, now.counted - was.counted) * now.rates
        moved = (parts != 0).any(axis=0)
        worth = flows.amounts * now.rates[flows.places]
        np.add.at(parts, (self.parts_of(flows), flows.places), worth)
        moved[flows.places] = True
        version = (self._changes <= day).astype(np.int64)
        every = np.arange(len(self._accounts))
        self._parts += np.where(version == np.arange(2)[:, None], 1, 0)[:, None, :] * parts
        self._moved[version, every] |= moved
        self._unexplained[version, every] += self._book.unexplained * now.rates
        self._sell(day, previous, version)
        if day > self._first:
            changed = (self._changes > previous) & (self._changes <= day)
            self._reshared = np.where(changed, was.rates * was.counted, self._reshared)
        self._held = now

    def parts_of(self, flows: FlowTable) -> Ints:
        """The part of each flow; of a reversal, that of its original."""
        holder = self._accounts.holder
        other = holder[np.maximum(flows.others, 0)]
        is_own = (other == holder[flows.places]) | (other == self._partners[flows.places])
        is_out = flows.was_out.astype(np.int64)
        inside = np.where(is_own, OWN, TRANSFERS + is_out)
        part = np.where(flows.others >= 0, inside, MONEY + is_out)
        for kind, booked in _BOOKED.items():
            part = np.where(flows.kinds == kind, booked, part)
        return part

    def holders(self, places: Ints) -> tuple[Ints, Ints]:
        """Place of the holder, and number, of some accounts."""
        return self._accounts.holder[places], self._accounts.number[places]

    def rates_now(self, day: int) -> Ints:
        """CNY per unit of every account's currency on a day, in millionths."""
        rates = np.array([self._world.exchange_rate(currency, day) for currency in CURRENCIES])
        return rates[self._accounts.product]

    def aum_now(self, day: int) -> Ints:
        """AUM by customer after a night, cents."""
        return _rounded(self._by_owner(self._as_versions(self._held.counted * self._held.rates, day)))

    def _sell(self, day: int, previous: int, version: Ints) -> None:
        """Sold products below full weight: what leaves AUM is no result of investing."""
        numbers = self._book.people.numbers
        for trade in self._trades:
            for when, sign in ((trade.day, 1), (trade.cancelled, -1)):
                if previous < when <= day and when >= self._first:
                    place = trade.customer - int(numbers[0])
                    lost = trade.amount * (PPM - int(WEIGHTS[trade.product]))
                    self._sold[version[place], place] += sign * lost

    def _close_month(self, last: int) -> None:
        """Write the month's rows as of its last night."""
        closing = self._by_owner(self._as_versions(self._held.counted * self._held.rates, last))
        exact = [self._by_owner(self._parts[:, part]) for part in range(len(PARTS))]
        change = self._by_owner(np.stack([-self._reshared, self._reshared]))
        sold = self._by_owner(self._sold, factor=PPM)
        exact[SCOPE] = exact[SCOPE] + change - sold
        exact[RESULT] = exact[RESULT] + sold
        touched = self._by_owner(self._moved.astype(np.int64)) + self._by_owner(
            np.stack([np.abs(self._reshared), np.zeros_like(self._reshared)])
        )
        cents = {part: _rounded(values) for part, values in zip(PARTS, exact, strict=True)}
        begin, end = _rounded(self._opening), _rounded(closing)
        is_row = (begin != 0) | (end != 0) | (touched != 0).to_numpy() | (sold != 0).to_numpy()
        self._months.append(self._rows(begin, cents, end, is_row))
        self._opening = closing
        self._begin_month()

    def _rows(self, begin: Ints, cents: dict[str, Ints], end: Ints, is_row: Bools) -> pl.DataFrame:
        rest = end - begin - sum(cents.values(), np.zeros_like(end))
        planted = _rounded(self._by_owner(self._unexplained))
        columns = {"opening": begin, **cents, "unexplained": rest, "closing": end}
        columns["net_new_money"] = cents["new_money_in"] + cents["money_out"]
        columns["planted_unexplained"] = planted
        month = pl.lit(self._timeline.months[self._month]).alias("month_start_date")
        frame = pl.DataFrame(
            [
                customer_ids("customer_id", self._book.people.numbers),
                *(money(f"{name}_amt", values) for name, values in columns.items()),
            ]
        ).filter(pl.Series(is_row))
        return frame.select("customer_id", month, pl.exclude("customer_id"))

    def _by_owner(self, versions: Ints, factor: int | None = None) -> pl.Series:
        """Sums of both versions by customer, exact: times the share and the weight, or a factor."""
        claims, places = self._claims, self._claims.accounts
        factors = WEIGHTS[self._accounts.product[places]] if factor is None else np.full(len(places), factor)
        old, new = (wide(versions[version, places]) for version in (0, 1))
        shared = old * wide(claims.shares) + new * wide(claims.later_shares)
        owned = pl.DataFrame({"owner": claims.owners, "amount": shared * wide(factors)})
        sums = owned.group_by("owner").agg(pl.col("amount").sum())
        everybody = pl.DataFrame({"owner": np.arange(len(self._book.people))})
        joined = everybody.join(sums, on="owner", how="left", maintain_order="left")
        return joined["amount"].fill_null(0)

    def table(self) -> pl.DataFrame:
        """Every customer's months."""
        self._close_month(int(self._timeline.night_days[-1]))
        return pl.concat(self._months).sort("customer_id", "month_start_date")


def _leaves_aum(trade: Trade) -> bool:
    return bool(_IS_WEALTH[trade.product]) and int(WEIGHTS[trade.product]) != PPM


def _rounded(amounts: pl.Series) -> Ints:
    """Cents, rounded half up away from zero."""
    unit, value = pl.lit(UNIT, dtype=pl.Int128), pl.col("amount")
    size = (value.abs() * 2 + unit) // (unit * 2)
    cents = amounts.to_frame("amount").select((size * value.sign()).cast(pl.Int64))
    return cents.to_series().to_numpy()
