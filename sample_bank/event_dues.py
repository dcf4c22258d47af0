"""Answer key of events by date and of debts: what falls due, birthdays, festivals, arrears (chapter 5.3)."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from sample_bank.accounts import Accounts
from sample_bank.cards import CREDIT, STAGES, Cards, days_late, due_day, owed_on
from sample_bank.links import GUARANTOR, PARENT, Relations
from sample_bank.loans import Loans, five_class, overdue_interest, running
from sample_bank.people import Customers, birth_days
from sample_bank.rng import Bools, Ints
from sample_bank.schedules import due_interest, due_principal
from sample_bank.timeline import NEVER, as_date, festival, is_business_day
from sample_bank.told import Told, stages_reached
from sample_bank.world import World

MATURING, EXPIRING, PAYING, GREETING = 30, 60, 3, 3
"""Days ahead: of loans and deposits, of cards, of instalments, of birthdays and festivals."""

RISK_STAGE, RISK_CLASS = 30, 2
FESTIVAL_GROUPS = (0, 1)


def last_told(day: int) -> int:
    """The day before the next business day: what falls due until then is told with lead on this one."""
    after = day + 1
    while not is_business_day(as_date(after)):
        after += 1
    return after - 1


@dataclass(frozen=True)
class Dues:
    """Events by date of a chunk; what is asked of it is told to ``told``."""

    world: World
    people: Customers
    accounts: Accounts
    loans: Loans
    cards: Cards
    told: Told

    def night(self, day: int, groups: Ints) -> None:
        """Tell what a night has to tell."""
        last = last_told(day)
        self._loans(day, last)
        self._deposits(day, last)
        self._cards(day, last)
        self._greetings(day, last, groups)

    def _loans(self, day: int, last: int) -> None:
        loans, balances = self.loans, self.loans.balances(day)
        due = loans.due_date(loans.terms)
        is_due = (loans.start <= day) & (balances > 0) & (due >= day) & (due <= last + MATURING)
        customers = self.people.numbers[loans.holder]
        self.told.tell(
            "loan_maturing", day, customers[is_due], due[is_due],
            day=due[is_due], subject=loans.number[is_due], amount=balances[is_due],
        )  # fmt: skip
        paid, passed = loans.paid_terms(day), loans.due_terms(day)
        places = np.flatnonzero((loans.start <= day) & (passed <= loans.terms))
        # the last that fell due may do so today, and the next ones soon
        for ahead in range(3):
            term = passed[places] + ahead
            chosen = Loans(**{name: values[places] for name, values in vars(loans).items()})
            due = chosen.due_date(term)
            is_due = (term >= 1) & (term > paid[places]) & (term <= chosen.terms)
            is_due &= (due >= day) & (due <= last + PAYING)
            at, number = places[is_due], term[is_due]
            owed = due_principal(loans, at, number) + due_interest(loans, at, number)
            self.told.tell(
                "instalment_due", day, customers[at], number,
                day=due[is_due], subject=loans.number[at], amount=owed,
            )  # fmt: skip

    def _deposits(self, day: int, last: int) -> None:
        accounts = self.accounts
        due, held = accounts.maturity, accounts.levels[:, 0]
        is_due = accounts.is_open(day) & (due >= day) & (due <= last + MATURING) & (held > 0)
        self.told.tell(
            "account_maturing", day, self.people.numbers[accounts.holder[is_due]], due[is_due],
            day=due[is_due], subject=accounts.number[is_due], amount=held[is_due],
        )  # fmt: skip

    def _cards(self, day: int, last: int) -> None:
        cards = self.cards
        is_used = (cards.issued <= day) & (cards.cancelled > day) & ~cards.is_frozen
        is_due = is_used & (cards.expires >= day) & (cards.expires <= last + EXPIRING)
        due = cards.expires[is_due]
        customers = self.people.numbers[cards.holder]
        self.told.tell("card_expiring", day, customers[is_due], due, day=due, subject=cards.number[is_due])
        places = np.flatnonzero((cards.kind == CREDIT) & cards.is_valid(day))
        least = owed_on(self.world, cards, places, day) // 10
        due = due_day(self.world, cards, places, day)
        is_due = (least > 0) & (due >= day) & (due <= last + PAYING)
        self.told.tell(
            "card_payment_due", day, customers[places[is_due]], due[is_due],
            day=due[is_due], subject=cards.number[places[is_due]], amount=least[is_due],
        )  # fmt: skip

    def _greetings(self, day: int, last: int, groups: Ints) -> None:
        people = self.people
        is_here = people.is_active(day)
        born = [as_date(int(number)) for number in birth_days(self.world, people.numbers).tolist()]
        months = np.array([birth.month * 100 + birth.day for birth in born])
        for ahead in range(day, last + GREETING + 1):
            today = as_date(ahead)
            is_birthday = months == today.month * 100 + today.day
            if (today.month, today.day) == (2, 28) and not _is_leap(today.year):
                is_birthday |= months == 229
            greeted = people.numbers[is_birthday & is_here & ~people.is_corporate]
            self.told.tell("birthday", day, greeted, ahead, day=ahead)
            if festival(today):
                invited = people.numbers[np.isin(groups, FESTIVAL_GROUPS) & is_here & ~people.is_corporate]
                self.told.tell("festival", day, invited, ahead, day=ahead)


def _is_leap(year: int) -> bool:
    return (date(year, 3, 1) - date(year, 2, 1)).days == 29


@dataclass(frozen=True)
class Debts:
    """Events of debts: what two nights in a row say of a loan or card."""

    world: World
    people: Customers
    loans: Loans
    cards: Cards
    relations: Relations
    told: Told

    def night(self, day: int, previous: int) -> None:
        """Tell what has become worse since the night before."""
        loans, numbers = self.loans, self.people.numbers
        both = np.intersect1d(running(loans, previous), running(loans, day))
        customers, subject = numbers[loans.holder[both]], loans.number[both]
        was, now = (overdue_interest(loans, both, at) for at in (previous, day))
        is_new = (was == 0) & (now > 0)
        self.told.tell(
            "interest_arrears", day, customers[is_new], day, subject=subject[is_new], amount=now[is_new]
        )
        late_before, late = loans.days_past_due(previous)[both], loans.days_past_due(day)[both]
        stage = self._overdue("loan_overdue", day, customers, subject, late_before, late)
        grade = five_class(late)
        is_worse = grade > five_class(late_before)
        self.told.tell(
            "class_downgrade", day, customers[is_worse], day, subject=subject[is_worse],
            amount=loans.balances(day)[both][is_worse], count=grade[is_worse] + 1,
        )  # fmt: skip
        for kind, is_risk in enumerate((stage >= RISK_STAGE, is_worse & (grade >= RISK_CLASS))):
            for place in both[is_risk].tolist():
                self._warn(place, day, kind)
        cards = self.cards
        valid = cards.is_valid(previous) & cards.is_valid(day)
        places = np.flatnonzero((cards.kind == CREDIT) & valid)
        late_before, late = (days_late(self.world, cards, places, at) for at in (previous, day))
        holders = numbers[cards.holder[places]]
        self._overdue("card_overdue", day, holders, cards.number[places], late_before, late)

    def _overdue(self, code: str, day: int, customers: Ints, subject: Ints, was: Ints, now: Ints) -> Ints:
        stage = stages_reached(was, now, STAGES)
        is_told: Bools = stage > 0
        start = day - now + 1
        self.told.tell(
            code, day, customers[is_told], (stage * NEVER + start)[is_told],
            subject=subject[is_told], count=now[is_told], reference=start[is_told],
        )  # fmt: skip
        return stage

    def _warn(self, loan: int, day: int, kind: int) -> None:
        """Tell the borrower's group and guarantors."""
        found, borrower = self.relations, int(self.loans.holder[loan])
        valid = found.valid(day)
        ties = valid & (found.kind == PARENT)
        pairs = list(zip(found.customer[ties].tolist(), found.related[ties].tolist(), strict=True))
        group, size = {borrower}, 0
        while size < len(group):
            size = len(group)
            group |= {member for pair in pairs if group & set(pair) for member in pair}
        backs = valid & (found.kind == GUARANTOR) & (found.customer == borrower)
        told = (group | set(found.related[backs].tolist())) - {borrower}
        active = self.people.is_active(day)
        places = np.array(sorted(place for place in told if active[place]), dtype=np.int64)
        key = (int(self.loans.number[loan]) * 100_000 + day) * 2 + kind
        self.told.tell("group_member_risk", day, self.people.numbers[places], key)
