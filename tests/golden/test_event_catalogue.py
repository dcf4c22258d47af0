"""One case of every event that the golden cases leave out, in one bank with batches from Monday to Friday."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.event_bank import EventBank, told, weekdays
from tests.support.memory_nights import MemoryNights

FIRST, LAST = date(2026, 9, 28), date(2026, 11, 3)


def october(day: int) -> date:
    return date(2026, 10, day)


def wan(amount: int) -> int:
    return amount * 10_000


def due_dates(bank: EventBank) -> None:
    """30 days ahead: what falls due on 9 November is told on 10 October, a Saturday, so on Friday the 9th."""
    loan = bank.bank.customer("LOAN").borrows(50_000, since=date(2026, 1, 5))
    loan.matures = date(2026, 11, 9)
    deposit = bank.bank.customer("DEPOSIT").holds(1000)
    deposit.matures = date(2026, 11, 9)
    empty = bank.bank.customer("EMPTY").holds(0)
    empty.matures = date(2026, 11, 9)
    bank.bank.customer("CARD").card(issued=date(2025, 1, 1), expires=date(2026, 12, 9))
    bank.tells(
        "repayment_schedule", FIRST, loan_id="LOAN-L1", term_no=7, due_date=october(15),
        due_principal=Decimal("900.00"), due_interest=Decimal("100.00"),
    )  # fmt: skip
    bank.tells(
        "repayment_schedule", FIRST, loan_id="LOAN-L1", term_no=6, due_date=october(15),
        due_principal=Decimal("900.00"), due_interest=Decimal("100.00"), paid_date=date(2026, 6, 1),
    )  # fmt: skip
    card = bank.bank.customer("PAYS").card(issued=date(2025, 1, 1)).owes(3000, since=FIRST)
    assert card.card_id == "PAYS-K1"
    bank.says("card_balance", "PAYS-K1", since=october(1), due_date=october(15), min_due=Decimal("300.00"))
    # late with it from 19 October on, and the third day is the 21st
    bank.says("card_balance", "PAYS-K1", since=october(21), days_past_due=3)


def debts(bank: EventBank) -> None:
    """A member of a group, and one that is guaranteed, go down on 7 October."""
    for name in ("SISTER", "PARENT", "SURETY", "STRANGER"):
        bank.bank.customer(name, kind="C").holds(1000)
    bank.bank.customer("BAD", kind="C").borrows(wan(100), since=date(2026, 1, 5))
    for child in ("SISTER", "BAD"):
        bank.tells(
            "customer_relation", FIRST, customer_id=child, related_id="PARENT", relation_type="group_parent",
            valid_from=date(2026, 1, 1),
        )  # fmt: skip
    # of two parents the one with the larger share counts, as for every figure of groups
    bank.bank.customer("ELSEWHERE", kind="C").holds(1000)
    for parent, share in (("PARENT", "0.300000"), ("STRANGER", "0.600000")):
        bank.tells(
            "customer_relation", FIRST, customer_id="ELSEWHERE", related_id=parent,
            relation_type="group_parent", share=Decimal(share), valid_from=date(2026, 1, 1),
        )  # fmt: skip
    bank.tells(
        "customer_relation", FIRST, customer_id="BAD", related_id="SURETY", relation_type="guarantor",
        valid_from=date(2026, 1, 1),
    )  # fmt: skip
    bank.says("loan_balance", "BAD-L1", since=october(5), overdue_interest=Decimal("80.00"))
    bank.says("loan_balance", "BAD-L1", since=october(6), five_class="special_mention")
    bank.says("loan_balance", "BAD-L1", since=october(7), five_class="substandard")
    # a circle of parents, and one who is below it, are one group
    for child, parent in (("RING1", "RING2"), ("RING2", "RING3"), ("RING3", "RING1"), ("BELOW", "RING2")):
        ring = bank.bank.customer(child, kind="C")
        bank.tells(
            "customer_relation", FIRST, customer_id=child, related_id=parent, relation_type="group_parent",
            valid_from=date(2026, 1, 1),
        )  # fmt: skip
        if child == "RING1":
            ring.borrows(wan(100), since=date(2026, 1, 5))
    bank.says("loan_balance", "RING1-L1", since=october(7), five_class="substandard")


def customers(bank: EventBank) -> None:
    """What AUM, accounts and tiers tell."""
    falls = bank.bank.customer("FALLS").holds(60_000)
    falls.holds("50000.00", since=october(6)).holds("49999.99", since=october(7))
    bank.bank.customer("CLOSES").holds(0).closes(october(8))
    # gold by a month average of 200,000 or more
    bank.bank.customer("RISES", opened=date(2026, 6, 25)).holds(1000).holds(wan(100), since=october(12))
    # gold in June, below it from July on: October is the fourth month
    bank.bank.customer("WANES", opened=date(2026, 6, 1)).holds(300_000).holds(100_000, since=date(2026, 7, 1))
    buyer = bank.bank.customer("BUYS")
    buyer.holds(1000)
    buyer.invests(500, since=october(9))


def flows(bank: EventBank) -> None:
    """What transactions tell."""
    big = bank.bank.customer("BIG").holds(1000)
    bank.moves(big, -60_000, on=october(6))
    borrower = bank.bank.customer("OWES")
    borrower.borrows(50_000, since=date(2026, 1, 5))
    bank.moves(borrower.holds(1000), -20_000, on=october(6))
    # 90 days of ten a day on weekdays, then 20,000 at once
    steady = bank.bank.customer("STEADY").holds(1000)
    for day in weekdays(date(2026, 6, 25), october(8)):
        bank.moves(steady, 10, on=day, kind="cash", in_bank=True)
    bank.moves(steady, 20_000, on=october(9), kind="cash", in_bank=True)
    # a week before it had 100,000; two times 30,000 within seven days
    away = bank.bank.customer("AWAY").holds(100_000)
    bank.moves(away, -30_000, on=october(5))
    bank.moves(away, -30_000, on=october(8))
    for name, last in (("WORKS", october(12)), ("WORKED", date(2026, 9, 10))):
        worker = bank.bank.customer(name).holds(1000)
        for month in range(last.month - 2, last.month + 1):
            bank.moves(worker, 8000, on=last.replace(month=month), kind="salary")
    spender = bank.bank.customer("SPENDS").card(issued=date(2025, 1, 1))
    spender.spends(20_000, on=october(6))
    firm = bank.bank.customer("FIRM", kind="C").holds(wan(1000))
    for day in (date(2026, 7, 1), october(6)):
        bank.moves(firm, -wan(150), on=day, counter_account="K1", counter_bank_code="B1")
    bank.moves(firm, -wan(100), on=october(7), counter_account="NEW", counter_bank_code="B1")
    # 60,000 come in and are not invested; of another 60,000 something is
    idle = bank.bank.customer("IDLE").holds(1000)
    bank.moves(idle, 60_000, on=october(6))
    invests = bank.bank.customer("INVESTS").holds(1000)
    bank.moves(invests, 60_000, on=october(6))
    bank.moves(invests, -1000, on=october(20), kind="purchase", in_bank=True)
    # 10,000 fall due on 12 October; 80 % of it have left by the 15th
    matured = bank.bank.customer("MATURED").holds(10_000)
    matured.matures = october(12)
    bank.moves(matured, -5000, on=october(13))
    bank.moves(matured, -3000, on=october(15))


@pytest.fixture(scope="module")
def nights() -> MemoryNights:
    bank = EventBank.of(FIRST, LAST)
    bank.festivals = {october(16): "double_ninth"}
    for part in (due_dates, debts, customers, flows):
        part(bank)
    bank.bank.customer("GOLD", opened=date(2026, 6, 1)).holds(wan(30))
    return bank.run()


CASES: list[tuple[str, str, date, date]] = [
    # event, customer, night that tells it, day of the event
    ("loan_maturing", "LOAN", october(9), date(2026, 11, 9)),
    ("account_maturing", "DEPOSIT", october(9), date(2026, 11, 9)),
    # 60 days before 9 December: 10 October, so the Friday before
    ("card_expiring", "CARD", october(9), date(2026, 12, 9)),
    # three days before the 15th
    ("instalment_due", "LOAN", october(12), october(15)),
    ("card_payment_due", "PAYS", october(12), october(15)),
    ("card_overdue", "PAYS", october(21), october(21)),
    ("interest_arrears", "BAD", october(5), october(5)),
    ("balance_below", "FALLS", october(7), october(7)),
    ("account_closed", "CLOSES", october(8), october(8)),
    ("first_business", "BUYS", october(9), october(9)),
    ("large_outflow", "BIG", october(6), october(6)),
    ("borrower_outflow", "OWES", october(6), october(6)),
    ("unusual_inflow", "STEADY", october(9), october(9)),
    ("funds_moved_away", "AWAY", october(8), october(8)),
    ("payroll_started", "WORKS", october(12), october(12)),
    # 10 September + 40 days
    ("payroll_stopped", "WORKED", october(20), october(20)),
    ("large_card_spend", "SPENDS", october(6), october(6)),
    ("counterparty_new_large", "FIRM", october(7), october(7)),
    ("inflow_then_purchase_gap", "IDLE", october(20), october(20)),
    ("maturity_then_outflow", "MATURED", october(15), october(15)),
    # months below from July on: the fourth is October
    ("tier_attention", "WANES", date(2026, 11, 2), october(31)),
    # (1,000 × 11 + 1,000,000 × 3) / 14 = 215,071.43 is gold; 2,011,000 / 13 = 154,692.31 was not
    ("tier_upgrade", "RISES", october(14), october(14)),
]


@pytest.mark.parametrize(("code", "customer", "night", "day"), CASES, ids=[case[0] for case in CASES])
def test_an_event_is_told(nights: MemoryNights, code: str, customer: str, night: date, day: date):
    rows = [row for row in told(nights, code) if row[2] == customer]
    assert (night, code, customer, day, "event") in rows


ONCE = {
    "loan_maturing": ["LOAN"],
    "account_maturing": ["DEPOSIT", "MATURED"],
    "card_expiring": ["CARD"],
    "instalment_due": ["LOAN"],
    "card_payment_due": ["PAYS"],
    "card_overdue": ["PAYS"],
    "interest_arrears": ["BAD"],
    "balance_below": ["FALLS"],
    "account_closed": ["CLOSES"],
    "large_outflow": ["BIG"],
    "borrower_outflow": ["OWES"],
    "unusual_inflow": ["STEADY"],
    "unusual_outflow": [],
    "payroll_started": ["WORKS"],
    "payroll_stopped": ["WORKED"],
    "large_card_spend": ["SPENDS"],
    "inflow_then_purchase_gap": ["IDLE"],
    "maturity_then_outflow": ["MATURED"],
    "class_downgrade": ["BAD", "BAD", "RING1"],
    "group_member_risk": ["BELOW", "PARENT", "RING2", "RING3", "SISTER", "SURETY"],
    "counterparty_new_large": ["FIRM"],
    "tier_attention": ["WANES"],
}


@pytest.mark.parametrize("code", ONCE)
def test_an_event_is_told_of_nobody_else_and_once(nights: MemoryNights, code: str):
    assert sorted(row[2] for row in told(nights, code)) == ONCE[code]


def test_a_festival_is_told_to_gold_and_above(nights: MemoryNights):
    rows = told(nights, "festival")
    assert ("GOLD" in {row[2] for row in rows}) and ("BIG" not in {row[2] for row in rows})
    # three days before the 16th
    assert {(row[0], row[3]) for row in rows} == {(october(13), october(16))}


def test_no_event_is_told_twice(nights: MemoryNights):
    rows = nights.query("select event_id from monitoring.fct_event")
    assert len(rows) == len({row["event_id"] for row in rows})


def test_private_numbers_are_hashed(nights: MemoryNights):
    subjects: list[dict[str, Any]] = nights.query(
        "select distinct subject_id from monitoring.fct_event where subject_type_code <> 'customer'"
    )
    assert subjects
    assert all(len(row["subject_id"]) == 32 and "-" not in row["subject_id"] for row in subjects)


def test_the_amounts_say_what_was_compared(nights: MemoryNights):
    (away,) = nights.query(
        "select amount_amt, reference_amt, reference_date from monitoring.fct_event"
        " where event_code = 'funds_moved_away' and customer_id = 'AWAY'"
    )
    # 30,000 + 30,000 out of the seven days to the 8th, against the AUM of the 1st
    assert away == {
        "amount_amt": Decimal("60000.00"),
        "reference_amt": Decimal("100000.00"),
        "reference_date": october(8) - timedelta(7),
    }
