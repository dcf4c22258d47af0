"""One chunk of customers: everything they deliver, night after night."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import polars as pl

from sample_bank.accounts import account_changes, account_rows, accounts_of
from sample_bank.answers import AnswerBook
from sample_bank.balances import Book
from sample_bank.bridge_answers import BridgeBook
from sample_bank.cards import (
    Spending,
    card_balance_rows,
    card_changes,
    card_rows,
    cards_of,
    spending_of,
    spending_rows,
)
from sample_bank.contact_year import YearOfContacts
from sample_bank.costs import Volumes
from sample_bank.event_answers import EventBook
from sample_bank.fees import FeeBook
from sample_bank.flows import FlowTable, transaction_rows
from sample_bank.holdings import deposit_rows, history_rows, position_rows
from sample_bank.income_answers import IncomeBook
from sample_bank.ledger import Ledger
from sample_bank.links import links_of
from sample_bank.loans import (
    loan_balance_rows,
    loan_changes,
    loan_history_rows,
    loan_rows,
    loans_of,
    risk_rows,
    running,
)
from sample_bank.owners import claims_of, owner_rows
from sample_bank.ownership import assignment_rows, assignments_of
from sample_bank.partners import partners_of
from sample_bank.people import customer_changes, customer_rows, customers_of
from sample_bank.rng import Ints
from sample_bank.sales import registration_rows, trade_rows, trades_of
from sample_bank.subjects import Subjects
from sample_bank.timeline import as_date, day_number, earlier_month, is_business_day
from sample_bank.wealth import Wealth
from sample_bank.world import World

Delivery = tuple[str, list[pl.DataFrame]]
NO_BATCH = -1
"""Business date before the first one: everything is new."""
SPENDING_MONTHS = 12
HISTORY_FILE_ROWS = 1_000_000


class Chunk:
    """Plans the customers' lives when made; nights have to be asked for in order."""

    def __init__(
        self, world: World, wealth: Wealth, numbers: Ints, contact_year: YearOfContacts | None = None
    ) -> None:
        self.world, self.timeline = world, world.timeline
        self.contact_year = contact_year
        self.people = customers_of(world, wealth, numbers)
        self.accounts = accounts_of(world, self.people)
        self.claims = claims_of(world, self.people, self.accounts)
        self.cards = cards_of(world, self.people)
        self.loans = loans_of(world, self.people)
        self.assignments = assignments_of(world, self.people)
        self.trades = trades_of(world, self.people)
        self.links = links_of(world, self.people, self.accounts, self.loans)
        self.partners = partners_of(world, self.people, self.links.chains())
        self.book = Book(world, self.people, self.accounts, self.links, self.partners)
        self.events: EventBook | None = None
        self._flows: list[tuple[int, FlowTable]] = []
        self.fees = FeeBook(world, self.people, self.book, self.cards, self.trades)

    @cached_property
    def income(self) -> IncomeBook:
        """The answer key of contribution."""
        return IncomeBook(self.world, self.book, self.loans, self.cards)

    @cached_property
    def bridge(self) -> BridgeBook:
        """The answer key of the AUM bridge; to be asked for before the first night."""
        return BridgeBook(self.book, self.claims, self.trades)

    @cached_property
    def subjects(self) -> Subjects:
        """What the customers have to do with the bank besides accounts."""
        return Subjects(self.world, self.people, self.loans, self.links, self.partners, self.contact_year)

    def night(
        self, index: int, ledger: Ledger, volumes: Volumes, answers: AnswerBook | None
    ) -> Iterator[Delivery]:
        """The chunk's rows of every table of a night; adds to the night's books and to the answer key."""
        day, previous = self._days(index)
        yield from self._masters(day, previous)
        if previous == NO_BATCH:
            yield "monthly_balance_history", list(self._history(answers))
            months = range(self.timeline.history_months)
            yield (
                "monthly_loan_history",
                [loan_history_rows(self.world, self.loans, month) for month in months],
            )
        tonight = self._balances(day, previous, ledger, volumes, answers)
        past = self.book.planted.history() if previous == NO_BATCH else []
        earlier = [transaction_rows(self.world, self.accounts, d, flows) for d, flows in past]
        yield "transaction", [pl.concat([*earlier, tonight])]
        yield "deposit_balance", [deposit_rows(self.book, day)]
        yield "investment_position", [position_rows(self.book, day)]
        yield "loan_balance", [loan_balance_rows(self.loans, day)]
        yield "card_balance", [card_balance_rows(self.world, self.cards, day)]
        spent = self._spending(day, previous)
        yield "card_txn", [pl.concat([spending_rows(self.cards, spending) for spending in spent])]
        if answers:
            for spending in spent:
                answers.add_spending(self.cards, spending)
            if self.events is None:
                self.events = EventBook(
                    self.book, self.claims, self.loans, self.cards, self.links, self.bridge, answers
                )
            self.events.add_night([*past, *self._flows], spent, day, previous)
        yield from self._people_at_work(day, previous)
        days = self.fees.fee_days(day, is_first=previous == NO_BATCH)
        paid = [self.fees.day(d) for d in days]
        if answers:
            for d, fees in zip(days, paid, strict=True):
                self.income.add_fees(d, fees)
        yield "fee_income", [pl.concat([self.fees.rows(f, d) for d, f in zip(days, paid, strict=True)])]
        yield "risk_parameter", [self._risks(day, previous)]

    def subjects_of(self, index: int) -> Iterator[Delivery]:
        """The chunk's rows of every table of stage 2 of a night."""
        day, previous = self._days(index)
        yield from self.subjects.night(day, previous, is_first=previous == NO_BATCH)

    def _days(self, index: int) -> tuple[int, int]:
        """Business dates of a night and of the one before it."""
        nights = self.timeline.night_days
        return int(nights[index]), int(nights[index - 1]) if index else NO_BATCH

    def _masters(self, day: int, previous: int) -> Iterator[Delivery]:
        """Customers, accounts, owners, loans and cards that are new or changed."""
        world = self.world
        places, op = customer_changes(world, self.people, day, previous)
        yield "customer", [customer_rows(world, self.people, places, day).with_columns(op)]
        places, op = account_changes(world, self.accounts, day, previous)
        yield "account", [account_rows(world, self.accounts, places, day).with_columns(op)]
        yield "account_owner", [owner_rows(self.people, self.accounts, self.claims, day, previous)]
        places, op = loan_changes(world, self.loans, day, previous)
        yield "loan", [loan_rows(world, self.loans, places, day).with_columns(op)]
        places, op = card_changes(world, self.cards, day, previous)
        yield "card", [card_rows(world, self.cards, places, day).with_columns(op)]

    def _history(self, answers: AnswerBook | None) -> Iterator[pl.DataFrame]:
        held: list[pl.DataFrame] = []
        for rows in self.book.history():
            if answers:
                answers.add_history(rows)
            held.append(history_rows(self.book, rows))
            if sum(frame.height for frame in held) >= HISTORY_FILE_ROWS:
                yield pl.concat(held)
                held = []
        if held:
            yield pl.concat(held)

    def _balances(
        self, day: int, previous: int, ledger: Ledger, volumes: Volumes, answers: AnswerBook | None
    ) -> pl.DataFrame:
        book, world, accounts, loans = self.book, self.world, self.accounts, self.loans
        before = day - 1 if previous == NO_BATCH else previous
        bridge = self.bridge if answers else None
        paid = np.zeros(len(self.people), dtype=np.int64)
        np.add.at(paid, loans.holder, loans.repayments(day, before))
        flows = book.night(day, before, paid).table()
        outlets = world.org_of(accounts.home, day)
        deposits = book.deposits(day)
        positions, values = book.market_values(day)
        ledger.add(outlets[deposits], accounts.product[deposits], book.balance[deposits])
        ledger.add(outlets[positions], accounts.product[positions], values)
        owed = running(loans, day)
        lenders = world.org_of(loans.home[owed], day)
        ledger.add(lenders, loans.product[owed], loans.balances(day)[owed])
        volumes.add(
            accounts=np.concatenate([outlets[deposits], outlets[positions], lenders]),
            customers=world.org_of(self.people.home[self.people.is_active(day)], day),
            transactions=outlets[flows.places],
        )
        if answers and bridge:
            answers.add_night(book, day, previous)
            bridge.add_night(flows, day, previous)
            self.income.add_night(day, previous)
        self._flows = [(day, flows)]
        return transaction_rows(world, accounts, day, flows)

    def _spending(self, day: int, previous: int) -> list[Spending]:
        """Card transactions of the night; the initial load brings those of a year before."""
        if previous == NO_BATCH:
            month = self.timeline.months[self.timeline.first_night_month]
            first = day_number(earlier_month(month, SPENDING_MONTHS))
            past = [d for d in range(first, day) if is_business_day(as_date(d))]
        else:
            past = []
        spent = [spending_of(self.world, self.cards, d, credit_only=True) for d in past]
        return [*spent, spending_of(self.world, self.cards, day)]

    def _people_at_work(self, day: int, previous: int) -> Iterator[Delivery]:
        """Assignments, sales and registrations recorded since the last batch."""
        recorded = [row for row in self.assignments if previous < row.recorded <= day]
        yield "assignment", [assignment_rows(self.world, recorded)]
        yield "sales_trade", [trade_rows(self.world, self.trades, day, previous)]
        yield "sales_registration", [registration_rows(self.world, self.trades, day, previous)]

    def _risks(self, day: int, previous: int) -> pl.DataFrame:
        """Risk parameters come with a month's last batch; the initial load brings the month before."""
        month = self.timeline.month_of(day)
        is_last = day == int(self.timeline.business_days[month][-1])
        rows = risk_rows(self.world, self.loans, day, month)
        if is_last:
            return rows
        if previous == NO_BATCH and month > 0:
            return risk_rows(self.world, self.loans, day, month - 1)
        return rows.clear()
