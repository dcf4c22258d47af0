"""Repayment schedules: the instalments that explain the balances of the loans, term by term.

The first batch tells what is still to be paid and what fell due in the year before; later ones tell what was
paid since, and the whole schedule of a new loan.
"""

import numpy as np
import polars as pl

from sample_bank.catalogue import RATES
from sample_bank.columns import PPM, money
from sample_bank.loans import Loans, loan_ids
from sample_bank.rng import Bools, Ints
from sample_bank.timeline import NEVER, date_series, falls_on

PAST_DAYS = 366


def due_principal(loans: Loans, places: Ints, terms: Ints) -> Ints:
    """Principal of some instalments: what the balance falls by, cents."""
    return balance_after(loans, places, terms - 1) - balance_after(loans, places, terms)


def due_interest(loans: Loans, places: Ints, terms: Ints) -> Ints:
    """A month's interest on what is owed before the instalment, cents."""
    rate = RATES[loans.product[places]]
    interest: Ints = balance_after(loans, places, terms - 1) * rate // (12 * PPM)
    return interest


def balance_after(loans: Loans, places: Ints, terms: Ints) -> Ints:
    """Outstanding principal once so many instalments are paid, cents."""
    balance: Ints = loans.principal[places] * (loans.terms[places] - terms) // loans.terms[places]
    return balance


def schedule_rows(loans: Loans, day: int, previous: int, *, is_first: bool) -> pl.DataFrame:
    """The repayment_schedule extract: instalments that are new or were paid since the last batch."""
    is_new = falls_on(loans.start, day, previous)
    paid_before = np.zeros(len(loans.number), dtype=np.int64) if is_first else loans.paid_terms(previous)
    paid = np.where(loans.start <= day, loans.paid_terms(day), 0)
    first = np.where(is_new, 1, paid_before + 1)
    last = np.where(is_new, loans.terms, np.where(loans.start <= day, paid, 0))
    places, terms = _spread(first, last)
    due = _due_days(loans, places, terms)
    if is_first:
        is_told = (due > day - PAST_DAYS) | (terms > paid[places])
        places, terms, due = places[is_told], terms[is_told], due[is_told]
    is_paid = terms <= paid[places]
    principal, interest = due_principal(loans, places, terms), due_interest(loans, places, terms)
    return pl.DataFrame(
        {
            "loan_id": loan_ids("loan_id", loans.number[places]),
            "term_no": pl.Series("term_no", terms).cast(pl.Int32),
            "due_date": date_series("due_date", due),
            "due_principal": money("due_principal", principal),
            "due_interest": money("due_interest", interest),
            "paid_date": date_series("paid_date", np.where(is_paid, due, NEVER)),
            "paid_amount": _where(money("paid_amount", principal + interest), is_paid),
            "op": pl.Series(np.where(is_new[places], "I", "U"), dtype=pl.String),
        }
    )


def _where(values: pl.Series, kept: Bools) -> pl.Series:
    return values.set(pl.Series(~kept), None)


def _spread(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Every loan's place once for each of its terms from ``first`` to ``last``, and the terms."""
    counts = np.maximum(last - first + 1, 0)
    places = np.repeat(np.arange(len(first)), counts)
    offsets = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    return places, first[places] + offsets


def _due_days(loans: Loans, places: Ints, terms: Ints) -> Ints:
    chosen = Loans(**{name: values[places] for name, values in vars(loans).items()})
    return chosen.due_date(terms)
