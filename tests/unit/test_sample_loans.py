"""What the generated bank tells of its loans before the first night is what they were, day by day."""

from datetime import date

import numpy as np
import polars as pl

from sample_bank.generate import SampleSpec
from sample_bank.loans import CLASS_DAYS, FIVE_CLASSES, loan_history_rows, loan_ids, loans_of
from sample_bank.people import customers_of
from sample_bank.profile import PROFILES
from sample_bank.rng import Dice
from sample_bank.wealth import Wealth
from sample_bank.world import World

SPEC = SampleSpec(customers=600, months=5, nights=3, end=date(2026, 9, 25), profile="wealthy")


def test_the_history_of_loans_adds_up_their_days() -> None:
    profile = PROFILES[SPEC.profile]
    world = World(Dice(SPEC.seed), SPEC.timeline, profile, 3)
    people = customers_of(world, Wealth(world.dice, profile, SPEC.customers), np.arange(SPEC.customers))
    loans, timeline = loans_of(world, people), SPEC.timeline
    names = loan_ids("loan_id", loans.number).to_list()
    wanted = {}
    for month in range(timeline.history_months):
        first, end = int(timeline.month_starts[month]), int(timeline.night_days[0])
        covered = range(first, min(int(timeline.month_starts[month + 1]), end))
        balances = np.array([np.where(loans.start <= day, loans.balances(day), 0) for day in covered])
        late = np.array([np.where(loans.start <= day, loans.days_past_due(day), 0) for day in covered]).max(0)
        days = np.array([loans.start <= day for day in covered]).sum(0)
        for place in np.flatnonzero(balances.any(0)):
            grade = FIVE_CLASSES[np.searchsorted(CLASS_DAYS, late[place], side="right")]
            total = balances[:, place].sum()
            told = (balances[-1, place], total, days[place], late[place], grade)
            wanted[names[place], timeline.months[month]] = told

    rows = pl.concat([loan_history_rows(world, loans, month) for month in range(timeline.history_months)])
    found = {
        (loan, month): (int(end * 100), int(total * 100), days, late, grade)
        for loan, month, end, total, days, late, grade in rows.iter_rows()
    }

    # a loan paid off in the first days of a month may have a row with no day above 0
    assert {key: row for key, row in found.items() if row[1]} == wanted
    assert len(wanted) > 500
    assert {grade for *_, grade in wanted.values()} >= {"normal", "special_mention"}
    assert any(count < 28 for _, _, count, _, _ in wanted.values())
