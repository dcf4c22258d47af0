"""Balances day by day and month by month, and the flows that explain every change of a deposit."""

from collections.abc import Iterator

import numpy as np

from sample_bank.accounts import Accounts
from sample_bank.catalogue import DAY_COUNTS, DEMAND, RATES
from sample_bank.columns import PPM
from sample_bank.flows import (
    CASH,
    FEE,
    INTEREST,
    LOAN,
    OTHER,
    PURCHASE,
    REDEMPTION,
    SALARY,
    TRANSFER,
    Flows,
)
from sample_bank.history import HistoryMonth
from sample_bank.links import NOBODY, Links
from sample_bank.partners import Partners
from sample_bank.people import Customers
from sample_bank.planted import CERTIFICATE_FEE, Planted, buys_certificate, unexplained
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import as_date, is_business_day, overlap
from sample_bank.world import World

EVENT_SHARE = 0.15
"""Chance that a salary account is used on a day."""


class Book:
    """The balances of a chunk of customers, night after night."""

    def __init__(
        self, world: World, people: Customers, accounts: Accounts, links: Links, partners: Partners
    ) -> None:
        self.world, self.people, self.accounts = world, people, accounts
        self.links, self.partners = links, partners
        self.timeline, self.dice = world.timeline, world.dice
        self.is_deposit = ~accounts.is_position
        self.demand = np.arange(len(people))
        self.posted = np.zeros(len(accounts), dtype=np.int64)
        self.unexplained = np.zeros(len(accounts), dtype=np.int64)
        self.planted = Planted(world, people, accounts)
        self.passing = np.zeros(len(accounts), dtype=np.int64)
        first = int(self.timeline.night_days[0])
        self.extra = self._salary_left(self.timeline.business_day_before(first), first)
        self.balance = self._closing(first - 1)

    def history(self) -> Iterator[HistoryMonth]:
        """Every recorded month before the first night."""
        first_night = int(self.timeline.night_days[0])
        for month in range(self.timeline.history_months):
            start = int(self.timeline.month_starts[month])
            after = min(int(self.timeline.month_starts[month + 1]), first_night)
            yield self._history_month(month, start, after)

    def _history_month(self, month: int, start: int, after: int) -> HistoryMonth:
        accounts = self.accounts
        step = np.clip(accounts.steps[:, month], start, after)
        before, now = accounts.levels[:, month], accounts.levels[:, month + 1]
        sums = before * self._days_open(start, step) + now * self._days_open(step, after)
        is_open = accounts.is_open(after - 1)
        # by the last day covered the step has been taken or not; the levels say which
        ends = np.where(accounts.steps[:, month] < after, now, before) * is_open
        if after == int(self.timeline.month_starts[month + 1]):
            sums += np.where(self._is_whole(month), accounts.swing, 0) * (after - start) * 3 // 10
        else:
            ends = ends + self.extra * is_open
            sums += self.extra * (after - start) // 3
        shares = self.world.price_share(accounts.product, after - 1)
        scaled = accounts.is_position
        ends = np.where(scaled, ends * shares // PPM, ends)
        sums = np.where(scaled, sums * shares // PPM, sums)
        places = np.flatnonzero(self._days_open(start, after) > 0)
        return HistoryMonth(month, after - start, places, ends[places], sums[places])

    def _days_open(self, first: Ints | int, after: Ints | int) -> Ints:
        accounts = self.accounts
        days = overlap(first, after, accounts.start, accounts.end)
        return days + overlap(first, after, accounts.reopened, np.full(1, 2**40))

    def _is_whole(self, month: int) -> Bools:
        """Whether the account is open for the whole month."""
        accounts = self.accounts
        whole: Bools = (accounts.start < self.timeline.month_starts[month]) & (
            accounts.end >= self.timeline.month_starts[month + 1]
        )
        return whole

    def salary_days(self, month: int) -> Ints:
        """Day on which each account's salary comes in."""
        days = self.timeline.business_days[month]
        wanted = int(self.timeline.month_starts[month]) + self.dice.between(
            "salary-day", 4, 14, self.accounts.number
        )
        return days[np.minimum(np.searchsorted(days, wanted), len(days) - 1)]

    def _salary_left(self, day: int, first_night: int) -> Ints:
        """What is left of the month's salary on a day; nothing if the day lies in an earlier month."""
        month = self.timeline.month_of(first_night)
        if day < self.timeline.month_starts[month]:
            return np.zeros(len(self.accounts), dtype=np.int64)
        last = int(self.timeline.business_days[month][-1])
        paid = self.salary_days(month)
        left = self.accounts.swing * (last - day) // np.maximum(last - paid, 1)
        return np.where((day >= paid) & self._is_whole(month), left, 0)

    def _closing(self, day: int) -> Ints:
        """Balance of every account at the end of a day before the first night."""
        accounts = self.accounts
        month = self.timeline.first_night_month
        stepped = accounts.steps[:, month] <= day
        level = np.where(stepped, accounts.levels[:, month + 1], accounts.levels[:, month])
        return (level + self.extra) * accounts.is_open(day)

    def night(self, day: int, previous: int, repayments: Ints) -> Flows:
        """Move every deposit to its balance of the night and return the flows that do it.

        Args:
            day: The business date.
            previous: Business date of the batch before.
            repayments: What each customer pays for loans that night, cents.
        """
        accounts, month = self.accounts, self.timeline.month_of(day)
        self._spend(day, month)
        flows = self._explicit_flows(day, previous, month)
        flows.add(self.demand, -repayments * accounts.is_open(day)[self.demand], LOAN)
        self._leave_unexplained(day, previous)
        stepped = accounts.steps[:, month] <= day
        level = np.where(stepped, accounts.levels[:, month + 1], accounts.levels[:, month])
        held = level + np.where(self.is_deposit, self.extra + self.posted + self.passing, 0)
        closing = np.where(accounts.is_overdraft, held, np.maximum(held, 0)) * accounts.is_open(day)
        change = np.where(self.is_deposit, closing - self.balance - flows.net(len(accounts)), 0)
        change -= self.unexplained
        self._add_everyday_flows(flows, change, day, month)
        self.balance = closing
        return flows

    def _spend(self, day: int, month: int) -> None:
        """Salary comes in on its day and is spent on some days; by the month's last day it is gone."""
        used = self.dice.chance("use", EVENT_SHARE, self.accounts.number, day)
        used |= self.salary_days(month) == day
        used |= day == self.timeline.business_days[month][-1]
        self.extra = np.where(used, self._salary_left(day, day), self.extra) * self._is_whole(month)

    def _explicit_flows(self, day: int, previous: int, month: int) -> Flows:
        flows = Flows()
        self._pass_through(flows, day)
        is_running = self.accounts.is_open(day) & self.accounts.is_open(previous) & self.is_deposit
        if day == self.timeline.settlement_day(month):
            self._post_interest(flows, is_running)
        if day == self.timeline.small_fee_day(month):
            small = (
                is_running
                & (self.balance >= 300)
                & (self.balance < 50_000)
                & (self.accounts.product == DEMAND)
            )
            small &= self.dice.chance("small-fee", 0.1, self.accounts.number)
            places = np.flatnonzero(small)
            self.posted[places] -= 300
            flows.add(places, np.full(len(places), -300), FEE)
        self._sell_certificates(flows, day, is_running)
        self._move_terms(flows, day, previous)
        self._move_investments(flows, day, previous, is_running)
        self._transfer_in_bank(flows, day, is_running)
        for at in range(previous + 1, day + 1):
            if is_business_day(as_date(at)):
                self._pay_suppliers(flows, at, is_running)
        self._pay_partners(flows, day, previous, is_running)
        self._take_back(flows, day, is_running)
        return flows

    def _pass_through(self, flows: Flows, day: int) -> None:
        """What is planted for the night; what the night before brought so is gone tonight."""
        self.passing[:] = 0
        places, amounts, kinds = self.planted.night(day)
        np.add.at(self.passing, places, amounts)
        flows.add(places, amounts, kinds)
        places, amounts = self.planted.returning(day)
        flows.add(places, amounts, TRANSFER)

    def _leave_unexplained(self, day: int, previous: int) -> None:
        """A few balances move without a transaction that says why."""
        is_running = (self.accounts.is_open(day) & self.accounts.is_open(previous))[self.demand]
        moved = unexplained(self.dice, self.people, self.balance[self.demand], day)
        self.unexplained[self.demand] = np.where(is_running, moved, 0)
        self.posted += self.unexplained

    def _sell_certificates(self, flows: Flows, day: int, is_running: Bools) -> None:
        buys = buys_certificate(self.dice, self.people, self.balance[self.demand], day)
        places = np.flatnonzero(buys & is_running[self.demand])
        self.posted[places] -= CERTIFICATE_FEE
        flows.add(places, np.full(len(places), -CERTIFICATE_FEE), FEE)

    def _post_interest(self, flows: Flows, is_running: Bools) -> None:
        product = self.accounts.product
        interest = np.maximum(self.balance, 0) * RATES[product] * 91 // (DAY_COUNTS[product] * PPM)
        places = np.flatnonzero(is_running & (self.accounts.maturity > 10**6) & (interest > 0))
        self.posted[places] += interest[places]
        flows.add(places, interest[places], INTEREST)

    def _move_terms(self, flows: Flows, day: int, previous: int) -> None:
        """Term deposits that fall due pay interest and go to the demand account; new ones come from it."""
        accounts = self.accounts
        is_term = accounts.maturity < 10**6
        due = np.flatnonzero(is_term & (accounts.end > previous) & (accounts.end <= day))
        principal, holders = self.balance[due], accounts.holder[due]
        days = accounts.maturity[due] - accounts.start[due]
        product = accounts.product[due]
        interest = principal * RATES[product] * days // (DAY_COUNTS[product] * PPM)
        flows.add(due, interest, INTEREST)
        flows.add(due, -(principal + interest), TRANSFER, holders)
        flows.add(holders, principal + interest, TRANSFER, due)
        # the interest is spent the same night: the customer's wealth stays what it was meant to be
        np.add.at(self.posted, holders, principal)
        left = self.planted.leaving(due, principal, day)
        np.subtract.at(self.passing, holders, left)
        flows.add(holders, -left, TRANSFER)

        new = np.flatnonzero(is_term & (accounts.start > previous) & (accounts.start <= day))
        bought, payers = accounts.levels[new, 0], accounts.holder[new]
        flows.add(new, bought, TRANSFER, payers)
        flows.add(payers, -bought, TRANSFER, new)

    def _move_investments(self, flows: Flows, day: int, previous: int, is_running: Bools) -> None:
        """Positions that are new are paid for, and others where the wealth takes a step."""
        accounts, month = self.accounts, self.timeline.month_of(day)
        before, now = accounts.levels[:, month], accounts.levels[:, month + 1]
        is_held = accounts.is_position & accounts.is_open(day) & is_running[accounts.holder]
        is_new = is_held & (accounts.start > previous)
        steps = is_held & ~is_new & (accounts.steps[:, month] == day)
        level = np.where(accounts.steps[:, month] <= day, now, before)
        places = np.flatnonzero(is_new | steps)
        bought = np.where(is_new, level, now - before)[places]
        flows.add(accounts.holder[places], -bought, np.where(bought > 0, PURCHASE, REDEMPTION))

    def _transfer_in_bank(self, flows: Flows, day: int, is_running: Bools) -> None:
        """Some customers send money to their neighbour in the bank."""
        share = self.world.profile.habits.in_bank_transfer
        payers = np.flatnonzero(self.dice.chance("in-bank", share, self.people.numbers, day))
        payees = self.people.partner(payers)
        both = is_running[payers] & is_running[payees] & (payers != payees)
        payers, payees = payers[both], payees[both]
        percent = self.dice.between("in-bank-size", 1, 10, self.people.numbers[payers], day)
        self._send(flows, payers, payees, np.maximum(self.balance[payers], 0) * percent // 100)

    def _pay_suppliers(self, flows: Flows, day: int, is_running: Bools) -> None:
        """Corporates pay those of the bank's customers who supply them; no balance moves by it in the end."""
        payers, payees = self.links.payments(self.world, self.people, day)
        both = is_running[payers] & is_running[payees]
        payers, payees = payers[both], payees[both]
        percent = self.dice.between("supply-size", 5, 25, self.people.numbers[payers], day)
        self._send(flows, payers, payees, self._means(payers) * percent // 100)

    def _means(self, payers: Ints) -> Ints:
        """What corporates have to pay with: what they keep, and what comes in from outside in a month."""
        means: Ints = np.maximum(self.balance[payers], 0) + self.partners.turnover[payers]
        return means

    def _pay_partners(self, flows: Flows, day: int, previous: int, is_running: Bools) -> None:
        """Companies outside pay corporates, and corporates pay each other, as often as they do."""
        partners = self.partners
        places, sizes = partners.due(self.world, self.people, day, previous)
        runs = is_running[partners.payee[places]]
        runs &= (partners.payer[places] == NOBODY) | is_running[partners.payer[places]]
        places, sizes = places[runs], sizes[runs]
        companies, payers, payees = (
            column[places] for column in (partners.company, partners.payer, partners.payee)
        )
        outside = payers == NOBODY
        flows.add(payees[outside], sizes[outside], TRANSFER, company=companies[outside])
        payers, payees = payers[~outside], payees[~outside]
        self._send(flows, payers, payees, self._means(payers) * sizes[~outside] // 1_000)

    @staticmethod
    def _send(flows: Flows, payers: Ints, payees: Ints, amounts: Ints) -> None:
        flows.add(payers, -amounts, TRANSFER, payees)
        flows.add(payees, amounts, TRANSFER, payers)

    def _take_back(self, flows: Flows, day: int, is_running: Bools) -> None:
        """A few payments are booked by mistake and reversed."""
        wrong = is_running[: len(self.people)] & self.dice.chance("wrong", 0.0004, self.people.numbers, day)
        places = np.flatnonzero(wrong)
        amounts = self.dice.between("wrong-size", 100, 90_000, self.people.numbers[places], day)
        flows.add(places, -amounts, OTHER)
        flows.add(places, amounts, OTHER, reverses=True)

    def _add_everyday_flows(self, flows: Flows, change: Ints, day: int, month: int) -> None:
        """What the named flows leave of the change is salary, cash, transfers and spending."""
        is_payday = (self.accounts.swing > 0) & (self.salary_days(month) == day) & (change > 0)
        change = self._pay_salaries(flows, change, is_payday)
        places = np.flatnonzero(change)
        amounts, numbers = change[places], self.accounts.number[places]
        is_salary = is_payday[places]
        incoming = np.array([CASH, TRANSFER, TRANSFER, OTHER])[self.dice.integer("in-kind", 4, numbers, day)]
        outgoing = np.array([CASH, TRANSFER, OTHER, OTHER])[self.dice.integer("out-kind", 4, numbers, day)]
        kinds = np.where(amounts < 0, outgoing, np.where(is_salary, SALARY, incoming))
        flows.add(places, amounts, kinds)

    def _pay_salaries(self, flows: Flows, change: Ints, is_payday: Bools) -> Ints:
        """Book the salaries that corporates of the bank pay, and return what is left of the changes.

        The employers' money comes in the same night, so that their balances stay what they were meant to be.
        """
        employers = self.links.employers
        paid = np.flatnonzero(is_payday[: len(employers)] & (employers != NOBODY))
        amounts, payers = change[paid], employers[paid]
        flows.add(payers, -amounts, SALARY, paid)
        flows.add(paid, amounts, SALARY, payers)
        left = change.copy()
        left[paid] = 0
        np.add.at(left, payers, amounts)
        return left

    def market_values(self, day: int) -> tuple[Ints, Ints]:
        """Positions open on a day and their market values."""
        places = np.flatnonzero(self.accounts.is_position & self.accounts.is_open(day))
        shares = self.world.price_share(self.accounts.product[places], day)
        return places, self.balance[places] * shares // PPM

    def deposits(self, day: int) -> Ints:
        """Deposit accounts open on a day."""
        return np.flatnonzero(self.is_deposit & self.accounts.is_open(day))
