"""Answer key of contribution: what every account, loan, card and fee earns, month by month, to the cent.

Chapter 4.1 of the specification, from what the generator planned: whole numbers, day by day. Left out is
what needs the whole bank, the share of each account in its outlet's costs. Balances count in months that
begin after the first night, since of its own month the bank sends sums; fees count in that month, too.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.accounts import Accounts, account_ids
from sample_bank.balances import Book
from sample_bank.cards import CREDIT, Cards, card_ids, owed_on
from sample_bank.catalogue import CARD, CODES, CURRENCIES, DAY_COUNTS, PRODUCTS, RATES
from sample_bank.columns import PPM, digits, money
from sample_bank.fees import Fees
from sample_bank.loans import LOSSES_GIVEN_DEFAULT, Loans, default_chances, loan_ids, running
from sample_bank.people import customer_ids
from sample_bank.rng import Ints
from sample_bank.timeline import NEVER
from sample_bank.world import World

MEASURES = ("average_balance", "deposit_nii", "loan_nii", "fee_income", "direct_cost", "expected_loss")
IS_FOREIGN = np.array([currency != "CNY" for currency in CURRENCIES])


@dataclass(frozen=True)
class _Month:
    """Cents of a month by contract."""

    average: Ints
    margin: Ints


class _Tally:
    """The days of a month of some contracts: what is held, what it pays or asks, and what it costs (FTP).

    Args:
        opened: Day of the opening.
        maturity: :data:`NEVER` where there is none: such money has the price of each day.
        rate: Rate of each contract, millionths.
    """

    def __init__(self, world: World, product: Ints, opened: Ints, maturity: Ints, rate: Ints) -> None:
        self._world, self._product, self._rate = world, product, rate
        self._is_term = maturity < NEVER
        tenors = np.where(self._is_term, maturity - opened, 0)
        self._term = world.transfer_prices.rates(product, opened, tenors)
        # few, and their products pass 64 bits
        self._foreign = np.flatnonzero(IS_FOREIGN[product])
        self._scale = np.where(IS_FOREIGN[product], PPM, 1)
        self.held: Ints = np.zeros(len(product), dtype=np.int64)
        self._begin()

    def _begin(self) -> None:
        self._units, self._cost = (np.zeros(len(self._product), dtype=np.int64) for _ in range(2))
        self._foreign_units, self._foreign_cost = (
            np.zeros(len(self._foreign), dtype=object) for _ in range(2)
        )
        self._days = 0

    def count(self, day: int) -> None:
        """Count a day with what is held."""
        every = np.arange(len(PRODUCTS))
        of_day = self._world.transfer_prices.rates(every, np.full(len(every), day), every * 0)
        price = np.where(self._is_term, self._term, of_day[self._product])
        self._units += self.held
        self._cost += self.held * price
        self._days += 1
        places = self._foreign
        rates = np.array([self._world.exchange_rate(currency, day) for currency in CURRENCIES], dtype=object)
        worth = self.held[places].astype(object) * rates[self._product[places]]
        self._foreign_units += worth
        self._foreign_cost += worth * price[places].astype(object)

    def close(self) -> _Month:
        """Averages and margins of the days counted; begins anew."""
        places, basis = self._foreign, DAY_COUNTS[self._product] * PPM
        average = _rounded(self._units, np.full(len(self._units), self._days))
        margin = _rounded(self._cost - self._units * self._rate, basis)
        exact = self._foreign_cost - self._foreign_units * self._rate[places].astype(object)
        wide = basis[places].astype(object) * PPM
        average[places] = _rounded(self._foreign_units, np.full(len(places), self._days * PPM, dtype=object))
        margin[places] = _rounded(exact, wide)
        self._begin()
        return _Month(average, margin)


def _rounded(units: Ints, divisor: Ints) -> Ints:
    """Rounded half away from zero."""
    size = abs(units)
    cents: Ints = ((2 * size + divisor) // (2 * divisor)).astype(np.int64)
    return np.where(units < 0, -cents, cents)


class IncomeBook:
    """Adds up the income of a chunk of customers."""

    def __init__(self, world: World, book: Book, loans: Loans, cards: Cards) -> None:
        self._world, self._timeline, self._book = world, world.timeline, book
        self._loans, self._cards, self._accounts = loans, cards, book.accounts
        accounts: Accounts = book.accounts
        self._deposits = _Tally(
            world,
            accounts.product,
            accounts.start,
            np.where(accounts.maturity < NEVER, accounts.maturity, NEVER),
            RATES[accounts.product],
        )
        due = loans.due_date(loans.terms)
        self._lent = _Tally(world, loans.product, loans.start, due, RATES[loans.product])
        self._credit = np.flatnonzero(cards.kind == CREDIT)
        count = len(self._credit)
        on_card = np.full(count, CARD)
        self._owed = _Tally(
            world, on_card, cards.issued[self._credit], np.full(count, NEVER), np.zeros(count, dtype=np.int64)
        )
        # cents × chance × loss share, in millionths of both, a year
        self._risk = np.zeros(len(loans.number), dtype=object)
        self._fees: list[Fees] = []
        self._month = self._timeline.first_night_month
        self._night = int(self._timeline.night_days[0])
        self._lines: list[pl.DataFrame] = []

    def add_night(self, day: int, previous: int) -> None:
        """Carry what the last batch told over the days without one, then count the day's own."""
        for silent in range(previous + 1 if previous >= 0 else day, day):
            self._count(silent)
        self._tell(day, is_first=previous < 0)
        self._count(day)
        self._night = day

    def add_fees(self, day: int, fees: Fees) -> None:
        """Add the fees of a day; those of the time before the ledger begins do not count."""
        if self._timeline.month_of(day) == self._month:
            self._fees.append(fees)

    def _tell(self, day: int, *, is_first: bool) -> None:
        book, loans, cards = self._book, self._loans, self._cards
        held = np.where(book.is_deposit & self._accounts.is_open(day), book.balance, 0)
        places, values = book.market_values(day)
        held[places] = values
        # a month is closed before it sees what its successor's batch tells
        self._close_before(day)
        self._deposits.held = held
        self._lent.held = np.where(loans.start <= day, loans.balances(day), 0)
        owed = owed_on(self._world, cards, self._credit, day)
        self._owed.held = np.where(cards.is_valid(day)[self._credit], owed, 0)
        month = self._timeline.month_of(day)
        is_last = day == int(self._timeline.business_days[month][-1])
        if is_last or (is_first and month > 0):
            borrowed = running(loans, day)
            chance = default_chances(loans, borrowed, day) * LOSSES_GIVEN_DEFAULT[loans.kind[borrowed]]
            self._risk[borrowed] = loans.balances(day)[borrowed].astype(object) * chance.astype(object)

    def _count(self, day: int) -> None:
        self._close_before(day)
        for tally in (self._deposits, self._lent, self._owed):
            tally.count(day)

    def _close_before(self, day: int) -> None:
        month = self._timeline.month_of(day)
        if month != self._month:
            self._close()
            self._month = month

    def _close(self) -> None:
        """Write the lines of the month."""
        deposits, lent, owed = (tally.close() for tally in (self._deposits, self._lent, self._owed))
        if self._month > self._timeline.first_night_month:
            accounts, loans, cards, credit = self._accounts, self._loans, self._cards, self._credit
            self._add_lines(
                account_ids("account_id", accounts.number), accounts.number // 100, accounts.product,
                accounts.home, deposits, deposit_nii=deposits.margin,
            )  # fmt: skip
            was_lent = lent.average != 0
            loss = _rounded(self._risk, np.full(len(self._risk), 12 * PPM**2, dtype=object))
            self._add_lines(
                loan_ids("account_id", loans.number), loans.number // 10, loans.product, loans.home, lent,
                loan_nii=-lent.margin, expected_loss=-loss * was_lent,
            )  # fmt: skip
            self._add_lines(
                card_ids("account_id", cards.number[credit]), cards.number[credit] // 10,
                np.full(len(credit), CARD), cards.home[credit], owed, loan_nii=-owed.margin,
            )  # fmt: skip
        if self._fees:
            self._add_fee_lines(Fees.stacked(self._fees))
        self._fees = []

    def _add_lines(
        self, ids: pl.Series, customers: Ints, product: Ints, home: Ints, month: _Month, **measures: Ints
    ) -> None:
        found = {name: np.zeros(len(product), dtype=np.int64) for name in MEASURES}
        found |= {"average_balance": month.average, **measures}
        world, timeline = self._world, self._timeline
        changes = timeline.month_of(timeline.merger_day) == self._month
        frame = pl.DataFrame(
            {
                "account_id": ids,
                "customer_id": digits("customer_id", customers, 10),
                "product_code": CODES.gather(product),
                "org_id": world.org_ids("org_id", world.org_of(home, self._night)),
                "is_moved": (home == world.merged) & changes,
                **{f"{name}_amt": money(name, values) for name, values in found.items()},
            }
        )
        self._add(frame)

    def _add_fee_lines(self, fees: Fees) -> None:
        """Fees name no account: a line of each customer and product, of all orgs."""
        paid = pl.DataFrame(
            {"customer": fees.customer, "product": fees.product, "amount": fees.amount, "cost": fees.cost}
        )
        paid = paid.group_by("customer", "product").sum().sort("customer", "product")
        customers = customer_ids("customer_id", paid["customer"].to_numpy())
        codes = CODES.gather(paid["product"])
        nothing = np.zeros(paid.height, dtype=np.int64)
        found = dict.fromkeys(MEASURES, nothing)
        found |= {"fee_income": paid["amount"].to_numpy(), "direct_cost": -paid["cost"].to_numpy()}
        frame = pl.DataFrame(
            {
                "account_id": "FEE:" + customers + ":" + codes,
                "customer_id": customers,
                "product_code": codes,
                "org_id": pl.Series([None], dtype=pl.String).new_from_index(0, paid.height),
                "is_moved": pl.Series([False]).new_from_index(0, paid.height),
                **{f"{name}_amt": money(name, values) for name, values in found.items()},
            }
        )
        self._add(frame)

    def _add(self, frame: pl.DataFrame) -> None:
        month = pl.lit(self._timeline.months[self._month]).alias("month_start_date")
        is_there = pl.any_horizontal(pl.col(f"{name}_amt") != 0 for name in MEASURES)
        self._lines.append(frame.filter(is_there).with_columns(month))

    def table(self) -> pl.DataFrame:
        """All lines, with the month of the last night as far as it has come."""
        self._close()
        return pl.concat(self._lines)
