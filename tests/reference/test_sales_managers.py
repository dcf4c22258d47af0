"""Whose customer it is when somebody leaves, or nobody is assigned by hand: small cases, night by night."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.reference.sales import Assignment, Batch, Employment, Known, Named, Org, Rule, Trade
from tests.support.sales import SalesNights

FRI, MON, TUE = date(2026, 10, 9), date(2026, 10, 12), date(2026, 10, 13)
LONG_AGO = date(2026, 1, 1)
STAFF = {"A": "O1", "B": "O1", "L": "O1", "K": "O1", "T": "O1"}


def trade(trade_id: str, day: date, org: str = "O1") -> Trade:
    return Trade(trade_id, "P", "insurance", day, Decimal(100), Decimal(1), org, "T")


def assigned(manager: str, until: date | None = None, *, recalled: bool = False) -> Assignment:
    return Assignment("G", "P", manager, "O1", "main", Decimal(1), LONG_AGO, until, is_recalled=recalled)


def loan(manager: str, owed: int, org: str = "O1") -> Named:
    return Named("P", "loan", manager, org, Decimal(owed), LONG_AGO)


CARD = Named("P", "card", "K", "O1", Decimal(0), LONG_AGO)
LEFT_ON_MONDAY = {"A": Employment(LONG_AGO, MON, has_left=True)}


def night(day: date, **content: object) -> Batch:
    return replace(Batch(day, STAFF, (Org("O1"), Org("O2")), ()), **content)  # type: ignore[arg-type]


CASES = {
    # A left on Monday, which Tuesday's list says: Friday's trade stays A's, Monday's is taken back
    "a leaving that is told late": (
        [
            night(FRI, assignments=(assigned("A"),), trades=(trade("F", FRI),)),
            night(MON, trades=(trade("M", MON),)),
            night(TUE, employment=LEFT_ON_MONDAY),
        ],
        [{"F": "A"}, {"F": "A", "M": "A"}, {"F": "A", "M": None}],
    ),
    # of two loans the larger one's manager, whatever the card says
    "the largest loan": (
        [night(FRI, named=(loan("B", 100), loan("L", 200), CARD), trades=(trade("F", FRI),))],
        [{"F": "L"}],
    ),
    "a card alone is as a loan": ([night(FRI, named=(CARD,), trades=(trade("F", FRI),))], [{"F": "K"}]),
    "a loan of another org credits nobody": (
        [night(FRI, named=(loan("L", 100, "O2"),), trades=(trade("F", FRI),))],
        [{"F": None}],
    ),
    "a hand wins, also at another org": (
        [
            night(
                FRI,
                assignments=(replace(assigned("A"), org_id="O2"),),
                named=(loan("L", 100),),
                trades=(trade("F", FRI),),
            )
        ],
        [{"F": None}],
    ),
    # assigned to A until Monday: then the loan's manager, but not after a recall
    "after an assignment has ended": (
        [night(FRI, assignments=(assigned("A", MON),), named=(loan("L", 100),), trades=(trade("F", FRI),)),
         night(MON, named=(loan("L", 100),), trades=(trade("M", MON),))],
        [{"F": "A"}, {"F": "A", "M": "L"}],
    ),
    "after a recall": (
        [night(FRI, assignments=(assigned("A", MON, recalled=True),), named=(loan("L", 100),),
               trades=(trade("F", FRI),)),
         night(MON, named=(loan("L", 100),), trades=(trade("M", MON),))],
        [{"F": "A"}, {"F": "A", "M": None}],
    ),
    # the loan is paid back on Monday
    "a loan that is no longer": (
        [night(FRI, named=(loan("L", 100),), trades=(trade("F", FRI),)),
         night(MON, trades=(trade("M", MON),))],
        [{"F": "L"}, {"F": "L", "M": None}],
    ),
    "a loan whose manager has left": (
        [night(FRI, named=(loan("A", 100),), trades=(trade("F", FRI),)),
         night(MON, named=(loan("A", 100),), trades=(trade("M", MON),)),
         night(TUE, named=(loan("A", 100),), employment=LEFT_ON_MONDAY)],
        [{"F": "A"}, {"F": "A", "M": "A"}, {"F": "A", "M": None}],
    ),
    # A left on Monday and is hired anew on Tuesday: Monday's trade stays nobody's, Tuesday's is A's again
    "who comes back under a new hiring day": (
        [night(FRI, assignments=(assigned("A"),), trades=(trade("F", FRI),)),
         night(MON, trades=(trade("M", MON),), employment=LEFT_ON_MONDAY),
         night(TUE, trades=(trade("T", TUE),), employment={"A": Employment(TUE, None, has_left=False)})],
        [{"F": "A"}, {"F": "A", "M": None}, {"F": "A", "M": None, "T": "A"}],
    ),
    # the last word is that A was hired long ago and never left: Monday's trade is A's, too
    "a leaving that is taken back": (
        [night(FRI, assignments=(assigned("A"),), trades=(trade("F", FRI),)),
         night(MON, trades=(trade("M", MON),), employment=LEFT_ON_MONDAY),
         night(TUE, trades=(trade("T", TUE),), employment={"A": Employment(LONG_AGO, None, has_left=False)})],
        [{"F": "A"}, {"F": "A", "M": None}, {"F": "A", "M": "A", "T": "A"}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_who_is_credited_automatically(case: str):
    batches, expected = CASES[case]
    warehouse, known = SalesNights({}, []), Known({"insurance": Rule()}, frozenset())
    for batch, wanted in zip(batches, expected, strict=True):
        warehouse.run(batch)
        known.add(batch)
        found = {
            trade_id: next((share[0] for share in outcome.shares), None)
            for trade_id, outcome in warehouse.outcomes().items()
        }
        assert found == wanted
        assert warehouse.outcomes() == known.outcomes()
