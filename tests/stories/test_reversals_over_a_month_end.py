"""Card purchases and reversals that come in any order over a month that ends without a batch.

February ends on a Saturday: Monday's batch (03-02) still adds to it, Tuesday's leaves it alone. A reversal is
taken off the month of its purchase, in the figures of months that end on or after its own day.
"""

from datetime import date
from decimal import Decimal

from tests.support.bank import Bank
from tests.support.whole_nights import WholeNights

WED, THU, FRI, SAT = (date(2026, 2, day) for day in (25, 26, 27, 28))
SUN, MON, TUE = (date(2026, 3, day) for day in (1, 2, 3))
CASES = {
    # name: (purchase on, arrives), (reversal on, arrives), spent in February, in March
    "purchase after all": ((THU, TUE), (FRI, FRI), 0, 0),
    "purchase on monday": ((THU, MON), (FRI, FRI), 0, 0),
    "reversal of march before its purchase": ((FRI, TUE), (MON, MON), 0, 0),
    "reversal on monday": ((FRI, FRI), (SAT, MON), 0, 0),
    "reversal after all": ((FRI, FRI), (SAT, TUE), 100, 0),
    "reversal dated in march": ((SAT, MON), (SUN, MON), 100, 0),
    "no reversal, after all": ((SAT, TUE), None, 0, 100),
}


def test_no_twelve_months_hold_a_reversal_without_its_purchase() -> None:
    bank = Bank([THU, FRI, MON, TUE])
    for name, (purchase, reversal, *_) in CASES.items():
        customer = bank.customer(name, opened=date(2020, 1, 1))
        customer.holds(100, since=WED)
        card = customer.card(issued=date(2024, 1, 1))
        spent = card.spends("100.00", on=purchase[0], arrives=purchase[1])
        if reversal is not None:
            card.reverses(spent, "100.00", on=reversal[0], arrives=reversal[1])
    nights = WholeNights(["fct_customer_tier_monthly"]).run_all(bank)

    rows = nights.query(
        "select customer_id, month_start_date, card_spend_12m_amt"
        " from customer_value.fct_customer_tier_monthly"
    )
    found = {(row["customer_id"], row["month_start_date"].month): row["card_spend_12m_amt"] for row in rows}
    assert found == {
        (name, month): Decimal(amount)
        for name, case in CASES.items()
        for month, amount in zip((2, 3), case[2:], strict=True)
    }
