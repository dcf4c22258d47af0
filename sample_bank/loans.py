"""Loans: repaid month by month, some falling behind and being downgraded."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from sample_bank.catalogue import CODES, DAY_COUNTS, INDEX, LOAN_PRODUCTS, RATES
from sample_bank.columns import PPM, digits, money, rates
from sample_bank.people import Customers
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import NEVER, date_series, falls_on
from sample_bank.wealth import CENTS
from sample_bank.world import MANAGERS_OF_RELATIONS, STAFF_PER_OUTLET, World

CLASSES = ("mortgage", "unsecured", "guaranteed", "other")
MORTGAGE, UNSECURED, GUARANTEED, OTHER_LOAN = range(4)
SIZES = ((300_000, 8_500_000, 4), (20_000, 950_000, 2), (50_000, 900_000, 2), (100_000, 3_000_000, 2))
"""Least and greatest principal in yuan, and how steeply large ones get rare."""
TERMS = ((120, 360), (12, 60), (12, 60), (12, 36))
FIVE_CLASSES = ("normal", "special_mention", "substandard", "doubtful", "loss")
CLASS_DAYS = np.array([1, 91, 181, 361])
"""Days past due from which a loan is in the second, third, fourth and fifth class."""
DEFAULT_CHANCES = np.array(
    [
        [5_000, 60_000, 250_000, 550_000, 950_000],
        [25_000, 120_000, 350_000, 650_000, 950_000],
        [20_000, 100_000, 300_000, 600_000, 950_000],
        [20_000, 100_000, 300_000, 600_000, 950_000],
    ]
)
"""Chance of default within a year by kind of loan and class."""
LOSSES_GIVEN_DEFAULT = np.array([200_000, 600_000, 450_000, 400_000])
MOST_MISSED = 15
CAPITAL_RATE = 80_000
LAST_DUE_DAY = 28
PLANTED_LATE, PLANTED_DUE = 0.03, 0.02
PLANTED_STAGES = (1, 30, 60, 90, 91, 181)
"""Shares of loans planted, of guaranteed ones four times as many, and days past due that they reach."""
PLANTED_MOST = 10_000 * CENTS
"""Principal of those in arrears at most: they change nothing in the quality of all loans."""


@dataclass(frozen=True)
class Loans:
    """Loans of a chunk, one array element each.

    Attributes:
        terms: Monthly instalments.
        paid_at_most: Instalments after which the borrower stops paying.
    """

    holder: Ints
    number: Ints
    kind: Ints
    product: Ints
    principal: Ints
    home: Ints
    start: Ints
    terms: Ints
    paid_at_most: Ints

    def due_terms(self, day: int) -> Ints:
        """Instalments that have fallen due up to a day."""
        start_month, start_day = _month_and_day(self.start)
        month, day_of_month = _month_and_day(np.array([day]))
        due: Ints = month - start_month - (day_of_month < np.minimum(start_day, LAST_DUE_DAY))
        return np.minimum(np.maximum(due, 0), self.terms)

    def paid_terms(self, day: int) -> Ints:
        """Instalments paid up to a day."""
        return np.minimum(self.due_terms(day), self.paid_at_most)

    def balances(self, day: int) -> Ints:
        """Outstanding principal, cents."""
        return self.principal * (self.terms - self.paid_terms(day)) // self.terms

    def due_date(self, term: Ints) -> Ints:
        """Day on which an instalment falls due, counted from 1."""
        start_month, start_day = _month_and_day(self.start)
        months = (start_month + term).astype("datetime64[M]")
        return months.astype("datetime64[D]").astype(np.int64) + np.minimum(start_day, LAST_DUE_DAY) - 1

    def days_past_due(self, day: int) -> Ints:
        """Days since the oldest instalment that was not paid."""
        is_late = self.due_terms(day) > self.paid_terms(day)
        return np.where(is_late, day - self.due_date(np.minimum(self.paid_at_most + 1, self.terms)), 0)

    def repayments(self, day: int, previous: int) -> Ints:
        """Principal and interest paid since the last batch, by loan, cents."""
        terms = self.paid_terms(day) - self.paid_terms(previous)
        terms = np.where(self.start <= previous, terms, 0)
        interest = self.balances(previous) * RATES[self.product] // (12 * PPM)
        return (self.balances(previous) - self.balances(day)) * (terms > 0) + interest * terms


def _month_and_day(days: Ints) -> tuple[Ints, Ints]:
    """Months since 1970 and day of the month of day numbers."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64), (dates - months.astype("datetime64[D]")).astype(np.int64) + 1


def loans_of(world: World, people: Customers) -> Loans:
    """All loans of a chunk of customers."""
    dice, habits, numbers = world.dice, world.profile.habits, people.numbers
    shares = (habits.mortgage, habits.unsecured, habits.guaranteed, habits.other_loan)
    held = [
        np.flatnonzero(dice.chance(kind, share, numbers) & ~people.is_fleeting)
        for kind, share in zip(CLASSES, shares, strict=True)
    ]
    holder = np.concatenate(held)
    kind = np.repeat(np.arange(len(CLASSES)), [len(places) for places in held])
    number = (numbers[holder] + 1) * 10 + kind
    lows, highs, powers = np.array(SIZES).T
    skew = dice.uniform("loan-size", number) ** powers[kind]
    yuan = (lows[kind] + np.rint((highs - lows)[kind] * skew)) * habits.loan_size
    principal = np.maximum(np.rint(yuan).astype(np.int64) // 1_000, 1) * 1_000 * CENTS
    least, most = np.array(TERMS).T
    terms = least[kind] + dice.integer("loan-terms", 10**6, number) % (most - least + 1)[kind]

    last = int(world.timeline.night_days[-1])
    age = 30 + dice.integer("loan-age", 10**6, number) % (terms * 27)
    start = last - age
    later = world.timeline.night_days[1:]
    if len(later):
        tonight = later[dice.integer("loan-night", len(later), number)]
        start = np.where(dice.chance("loan-new", 0.02, number), tonight, start)
    start = np.maximum(start, people.opened[holder])
    start, arrears = _planted(world, number, kind, terms, start, people.opened[holder])
    principal = np.where(arrears >= 0, np.minimum(principal, PLANTED_MOST), principal)
    loans = Loans(
        holder=holder,
        number=number,
        kind=kind,
        product=np.array([INDEX[LOAN_PRODUCTS[name]] for name in CLASSES])[kind],
        principal=principal,
        home=people.home[holder],
        start=start,
        terms=terms,
        paid_at_most=terms,
    )
    # most who are late pay soon; the few who do not fall through the classes
    missed = np.floor(MOST_MISSED * dice.uniform("loan-missed", number) ** 3).astype(np.int64)
    is_late = dice.chance("loan-late", habits.overdue, number)
    stops = np.maximum(loans.due_terms(last) - missed, 0)
    stops = np.where(is_late, stops, NEVER)
    return Loans(**{**vars(loans), "paid_at_most": np.where(arrears >= 0, arrears, stops)})


def _planted(
    world: World, number: Ints, kind: Ints, terms: Ints, start: Ints, opened: Ints
) -> tuple[Ints, Ints]:
    """Starts of all loans, and instalments after which no more is paid (−1: not planted).

    Some reach a stage of arrears on a night; some fall due within weeks.
    """
    dice, nights = world.dice, world.timeline.night_days
    draw = dice.uniform("loan-planted", number)
    share = np.where(kind == GUARANTEED, 4 * PLANTED_LATE, PLANTED_LATE)
    is_late, is_due = draw < share, draw > 1 - PLANTED_DUE
    night = nights[dice.integer("loan-stage-night", len(nights), number)]
    missed = night - np.array(PLANTED_STAGES)[dice.integer("loan-stage", len(PLANTED_STAGES), number)]
    paid = dice.between("loan-stage-paid", 2, 9, number)
    last = nights[0] + dice.between("loan-due", 20, 40, number)
    month, day = _month_and_day(np.where(is_late, missed, last))
    months = np.where(is_late, paid + 1, terms)
    first = (month - months).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    moved = first + np.minimum(day, LAST_DUE_DAY) - 1
    fits = (is_late | is_due) & (moved >= opened)
    return np.where(fits, moved, start), np.where(fits & is_late, paid, -1)


def loan_changes(world: World, loans: Loans, day: int, previous: int) -> tuple[Ints, pl.Series]:
    """Loans that are new or have changed since the last batch, with the operation."""
    is_new = falls_on(loans.start, day, previous)
    changed = np.zeros(len(loans.number), dtype=np.bool_)
    if previous < world.timeline.merger_day <= day:
        changed = loans.home == world.merged
    places = np.flatnonzero(is_new | (changed & (loans.start <= day)))
    return places, pl.Series("op", np.where(is_new[places], "I", "U"))


def manager_of(world: World, loans: Loans, places: Ints) -> tuple[Ints, Bools]:
    """The employee who manages each of some loans, and whether the bank names anybody."""
    numbers = loans.number[places]
    seat = world.dice.integer("loan-manager", len(MANAGERS_OF_RELATIONS), numbers)
    manager = loans.home[places] * STAFF_PER_OUTLET + np.array(MANAGERS_OF_RELATIONS)[seat]
    return manager, ~world.dice.chance("no-manager", 0.3, numbers)


def loan_rows(world: World, loans: Loans, places: Ints, day: int) -> pl.DataFrame:
    """The loan extract of some loans as of a day."""
    numbers = loans.number[places]
    outlets = world.org_of(loans.home[places], day)
    manager, is_named = manager_of(world, loans, places)
    managers = digits("manager_id", manager + 1, 6, "E")
    return pl.DataFrame(
        {
            "loan_id": loan_ids("loan_id", numbers),
            "customer_id": digits("customer_id", numbers // 10, 10),
            "product_code": CODES.gather(loans.product[places]),
            "loan_class": pl.Series(CLASSES).gather(loans.kind[places]),
            "org_id": world.org_ids("org_id", outlets),
            "manager_id": managers.set(pl.Series(~is_named), None),
            "currency": pl.Series(["CNY"]).new_from_index(0, len(places)),
            "principal": money("principal", loans.principal[places]),
            "interest_rate": rates("interest_rate", RATES[loans.product[places]]),
            "start_date": date_series("start_date", loans.start[places]),
            "maturity_date": date_series("maturity_date", loans.due_date(loans.terms)[places]),
        }
    )


def running(loans: Loans, day: int) -> Ints:
    """Loans with something outstanding on a day."""
    return np.flatnonzero((loans.start <= day) & (loans.balances(day) > 0))


def loan_balance_rows(loans: Loans, day: int) -> pl.DataFrame:
    """The loan_balance extract of a night."""
    places = running(loans, day)
    balance, late = loans.balances(day)[places], loans.days_past_due(day)[places]
    missed = (loans.due_terms(day) - loans.paid_terms(day))[places]
    overdue = np.minimum(loans.principal[places] * missed // loans.terms[places], balance)
    arrears = overdue_interest(loans, places, day)
    return pl.DataFrame(
        {
            "loan_id": loan_ids("loan_id", loans.number[places]),
            "balance": money("balance", balance),
            "overdue_principal": money("overdue_principal", overdue),
            "overdue_interest": money("overdue_interest", arrears),
            "days_past_due": late,
            "five_class": pl.Series(FIVE_CLASSES).gather(five_class(late)),
        }
    )


def overdue_interest(loans: Loans, places: Ints, day: int) -> Ints:
    """Interest that is overdue on some loans on a day, cents."""
    product, late = loans.product[places], loans.days_past_due(day)[places]
    arrears: Ints = loans.balances(day)[places] * RATES[product] * late // (DAY_COUNTS[product] * PPM)
    return arrears


def loan_history_rows(world: World, loans: Loans, month: int) -> pl.DataFrame:
    """The monthly_loan_history extract of one month, to the day before the first night."""
    timeline = world.timeline
    first = int(timeline.month_starts[month])
    last = min(int(timeline.month_starts[month + 1]), int(timeline.night_days[0])) - 1
    before, after = loans.balances(first - 1), loans.balances(last)
    places = np.flatnonzero((loans.start <= last) & (before > 0))
    begun = np.maximum(first, loans.start[places])
    days = last - begun + 1
    # one instalment a month, on the day of the month on which the loan began
    due = first + np.minimum(_month_and_day(loans.start[places])[1], LAST_DUE_DAY) - 1
    days_before = np.clip(due - begun, 0, days)
    sums = before[places] * days_before + after[places] * (days - days_before)
    # who has fallen behind does not catch up: the last day is the worst
    late = loans.days_past_due(last)[places]
    return pl.DataFrame(
        {
            "loan_id": loan_ids("loan_id", loans.number[places]),
            "balance_month": pl.Series([timeline.months[month]]).new_from_index(0, len(places)),
            "month_end_balance": money("month_end_balance", after[places]),
            "balance_sum": money("balance_sum", sums),
            "day_count": pl.Series(days).cast(pl.Int32),
            "worst_days_past_due": late,
            "worst_five_class": pl.Series(FIVE_CLASSES).gather(five_class(late)),
        }
    )


def five_class(late: Ints) -> Ints:
    """Class of loans by days past due, as a place in :data:`FIVE_CLASSES`."""
    grades: Ints = np.searchsorted(CLASS_DAYS, late, side="right")
    return grades


def risk_rows(world: World, loans: Loans, day: int, month: int) -> pl.DataFrame:
    """Risk parameters of the running loans for a month."""
    places = running(loans, day)
    return pl.DataFrame(
        {
            "loan_id": loan_ids("loan_id", loans.number[places]),
            "risk_month": pl.Series([world.timeline.months[month]]).new_from_index(0, len(places)),
            "pd": rates("pd", default_chances(loans, places, day)),
            "lgd": rates("lgd", LOSSES_GIVEN_DEFAULT[loans.kind[places]]),
            "ead": money("ead", loans.balances(day)[places]),
            "capital_rate": rates("capital_rate", np.full(len(places), CAPITAL_RATE)),
        }
    )


def default_chances(loans: Loans, places: Ints, day: int) -> Ints:
    """Chance that each loan defaults within a year, by its kind and class on a day, in millionths."""
    grade = five_class(loans.days_past_due(day)[places])
    chances: Ints = DEFAULT_CHANCES[loans.kind[places], grade]
    return chances


def loan_ids(name: str, numbers: Ints) -> pl.Series:
    """Identifiers of loans."""
    return digits(name, numbers, 11, "L")
