"""Answer key of contribution: what every account, loan, card and fee earns, month by month, to the cent.

Chapter 4.1 of the specification, from what the generator planned: whole numbers, day by day. Left out is
what needs the whole bank, the share of each account in its outlet's costs. Balances count in months that
begin after the first night, since of its own month the bank sends sums; fees count in that month, too.
"""

import numpy as np
import polars as pl

from sample_bank.accounts import Accounts, account_ids
from sample_bank.balances import Book
from sample_bank.cards import CREDIT, Cards, card_ids, owed_on
from sample_bank.catalogue import CARD, CODES, RATES
from sample_bank.columns import PPM, digits, money
from sample_bank.fees import Fees
from sample_bank.income_tally import Month, Tally, rounded
from sample_bank.loans import LOSSES_GIVEN_DEFAULT, Loans, default_chances, loan_ids, running
from sample_bank.people import customer_ids
from sample_bank.rng import Ints
from sample_bank.timeline import NEVER
from sample_bank.world import World

Measures = dict[str, Ints]
MEASURES = ("average_balance", "deposit_nii", "loan_nii", "fee_income", "direct_cost", "expected_loss")


class IncomeBook:
    """Adds up the income of a chunk of customers."""

    def __init__(self, world: World, book: Book, loans: Loans, cards: Cards) -> None:
        self._world, self._timeline, self._book = world, world.timeline, book
        self._loans, self._cards, self._accounts = loans, cards, book.accounts
        accounts: Accounts = book.accounts
        self._deposits = Tally(
            world,
            accounts.product,
            accounts.start,
            np.where(accounts.maturity < NEVER, accounts.maturity, NEVER),
            RATES[accounts.product],
        )
        due = loans.due_date(loans.terms)
        self._lent = Tally(world, loans.product, loans.start, due, RATES[loans.product])
        self._credit = np.flatnonzero(cards.kind == CREDIT)
        count = len(self._credit)
        on_card = np.full(count, CARD)
        self._owed = Tally(
            world, on_card, cards.issued[self._credit], np.full(count, NEVER), np.zeros(count, dtype=np.int64)
        )
        # cents × chance × loss share, in millionths of both, a year
        self._risk = np.zeros(len(loans.number), dtype=object)
        self._fees: list[Fees] = []
        self._month = self._timeline.first_night_month
        self._night = int(self._timeline.night_days[0])
        self._known_until = self._night
        self._lines: list[pl.DataFrame] = []

    def add_night(self, day: int, previous: int) -> None:
        """Carry what the last batch told over the days without one, then count the day's own."""
        for silent in range(previous + 1 if previous >= 0 else day, day):
            self._count(silent)
        if day == self._timeline.merger_day and self._timeline.month_of(day) == self._month:
            for tally in (self._deposits, self._lent, self._owed):
                tally.split()
            self._known_until = previous
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
        days = self._lent.days
        deposits, lent, owed = (tally.close() for tally in (self._deposits, self._lent, self._owed))
        if self._month > self._timeline.first_night_month:
            accounts, loans, cards, credit = self._accounts, self._loans, self._cards, self._credit
            self._add_lines(
                account_ids("account_id", accounts.number), accounts.number // 100, accounts.product,
                accounts.home, [(month, {"deposit_nii": month.margin}) for month in deposits],
            )  # fmt: skip
            was_lent = lent[0].average != 0
            self._add_lines(
                loan_ids("account_id", loans.number), loans.number // 10, loans.product, loans.home,
                [
                    (month, {"loan_nii": -month.margin, "expected_loss": -loss * was_lent})
                    for month, loss in zip(lent, self._losses(days, len(lent)), strict=True)
                ],
            )  # fmt: skip
            self._add_lines(
                card_ids("account_id", cards.number[credit]), cards.number[credit] // 10,
                np.full(len(credit), CARD), cards.home[credit],
                [(month, {"loan_nii": -month.margin}) for month in owed],
            )  # fmt: skip
        if self._fees:
            self._add_fee_lines(Fees.stacked(self._fees))
        self._fees = []

    def _losses(self, counted: int, parts: int) -> list[Ints]:
        """Expected losses of the month; where it is in parts also those of the days before and after.

        A loan that no batch had told of before the merger has been at the other outlet from its first day.
        """
        year = np.full(len(self._risk), 12 * PPM**2, dtype=object)
        whole = [rounded(self._risk, year)]
        if parts == 1:
            return whole
        first, merger = int(self._timeline.month_starts[self._month]), self._timeline.merger_day
        since = np.maximum(self._loans.start, first)
        days = np.maximum(first + counted - since, 1).astype(object)
        before = np.where(self._loans.start <= self._known_until, np.maximum(merger - since, 0), 0)
        early = before.astype(object)
        return whole + [rounded(self._risk * share, year * days) for share in (early, days - early)]

    def _add_lines(
        self, ids: pl.Series, customers: Ints, product: Ints, home: Ints, parts: list[tuple[Month, Measures]]
    ) -> None:
        """Lines of the month; of the outlet that is merged in it, of its days before and after the merger."""
        moved = (home == self._world.merged) & (len(parts) > 1)
        days = [self._night, self._timeline.merger_day - 1, self._night]
        for (month, measures), is_there, day in zip(parts, (~moved, moved, moved), days, strict=False):
            found = {name: np.zeros(len(product), dtype=np.int64) for name in MEASURES}
            found |= {"average_balance": month.average, **measures}
            frame = pl.DataFrame(
                {
                    "account_id": ids,
                    "customer_id": digits("customer_id", customers, 10),
                    "product_code": CODES.gather(product),
                    "org_id": self._world.org_ids("org_id", self._world.org_of(home, day)),
                    **{f"{name}_amt": money(name, values) for name, values in found.items()},
                }
            )
            self._add(frame.filter(pl.Series(is_there)))

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
