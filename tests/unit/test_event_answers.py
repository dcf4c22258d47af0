"""What came of events: answers told late, long after or ahead of their day, and nights that are run again."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support.bank import Bank
from tests.support.event_bank import EventBank
from tests.support.whole_nights import WholeNights

FIRST, TOLD, LATER = date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 20)
MARCH, APRIL = date(2026, 3, 2), date(2026, 4, 15)
Figures = tuple[int, Decimal | None, int, Decimal]


def offers(bank: EventBank, night: date, at: datetime, stage: str, amount: str) -> None:
    bank.tells(
        "opportunity", night, opportunity_id="P1", changed_at=at, customer_id="C1", stage=stage,
        amount=Decimal(amount), probability=Decimal("0.5"), owner_id="E1",
    )  # fmt: skip


@pytest.fixture
def bank() -> EventBank:
    bank = EventBank(Bank([FIRST, TOLD, LATER, MARCH, APRIL]))
    for name in ("C1", "C2"):
        bank.moves(bank.bank.customer(name).holds(1000), 60_000, on=TOLD)
    offers(bank, LATER, datetime(2026, 1, 10, 4), "lead", "500.00")
    # won two months after what it answered has ended
    offers(bank, APRIL, datetime(2026, 4, 10, 4), "won", "900.00")
    # told before the event, three days ahead
    bank.tells(
        "visit", FIRST, visit_id="V1", customer_id="C2", employee_id="E1",
        visited_at=datetime(2026, 1, 8, 4), has_location=True,
    )  # fmt: skip
    return bank


def january(nights: WholeNights) -> Figures:
    (row,) = nights.query("select * from monitoring.rpt_event_monthly where event_code = 'large_inflow'")
    assert (row["event_cnt"], row["amount_amt"]) == (2, Decimal("120000.00"))
    return row["answered_cnt"], row["median_answer_days"], row["opportunity_cnt"], row["won_amt"]


def test_an_opportunity_counts_when_it_is_won_however_late(bank: EventBank) -> None:
    nights = WholeNights(["rpt_event_monthly"], accept_partial_start=True)
    found: dict[date, Any] = {}
    for night in bank.bank.nights:
        nights.run(bank.delivery(night))
        if night >= TOLD:
            found[night] = january(nights)
    assert found == {
        TOLD: (0, None, 0, Decimal(0)),
        # 4 days to the opportunity, 2 to the visit
        LATER: (2, Decimal("3.0"), 1, Decimal(0)),
        MARCH: (2, Decimal("3.0"), 1, Decimal(0)),
        APRIL: (2, Decimal("3.0"), 1, Decimal("900.00")),
    }
    # nights that are run again give what they gave
    for night in (MARCH, APRIL):
        nights.run(bank.delivery(night))
        assert january(nights) == found[night]


def test_a_night_that_is_run_again_knows_of_no_later_event() -> None:
    february = date(2026, 2, 2)
    bank = EventBank(Bank([FIRST, TOLD, LATER, february]))
    for night in (LATER, february):
        bank.moves(bank.bank.customer(f"C{night.month}").holds(1000), 60_000, on=night)
    nights = WholeNights(["rpt_event_monthly"], accept_partial_start=True)
    found = {}
    for night in bank.bank.nights:
        nights.run(bank.delivery(night))
        found[night] = nights.query("select * from monitoring.rpt_event_monthly order by all")
    assert [len(found[night]) for night in bank.bank.nights] == [0, 0, 1, 2]
    for night in (TOLD, LATER, february):
        nights.run(bank.delivery(night))
        assert nights.query("select * from monitoring.rpt_event_monthly order by all") == found[night]
