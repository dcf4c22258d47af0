"""Amounts up to the largest that the contract has, in what is computed beside AUM: all come out right.

What has no room (an instalment or arrears of 10^14 and more) is refused: see ``test_gates_amounts.py``.
"""

from datetime import date
from decimal import Decimal

from tests.support.bank import Bank
from tests.support.front_office import deliveries, target
from tests.support.memory_nights import MemoryNights

D = Decimal
NIGHT = date(2026, 1, 1)
LARGEST = D("9999999999999999.99")
MARTS = [
    "agg_org_assets_daily", "dim_customer_360", "fct_corporate_segment_monthly",
    "fct_cost_allocation_monthly", "fct_customer_assets", "fct_event", "fct_plan_actual", "feed_calendar",
]  # fmt: skip


def test_the_largest_amounts_of_all_kinds_come_out_of_one_night() -> None:
    bank = Bank([NIGHT])
    saver = bank.customer("SAVER", opened=NIGHT)
    saver.holds("9000000000000000.00")
    for _ in range(12):
        # what cores write for no limit, and for no end
        saver.card(issued=NIGHT, expires=date(9999, 12, 31)).owes("0.01", since=NIGHT)
    firm = bank.customer("FIRM", kind="C", opened=NIGHT)
    firm.holds("999999999999999.99")
    loan = firm.borrows(LARGEST, since=NIGHT)
    bank.books.pool("P1", "O1", NIGHT, "100.00", "balances", on=NIGHT)
    (delivery,) = deliveries(
        bank,
        {
            NIGHT: {
                "plan_target": [target("0.01", indicator="aum_end", period="2026")],
                "repayment_schedule": [
                    {"loan_id": loan.loan_id, "term_no": 1, "due_date": date(2026, 1, 2),
                     "due_principal": D("99999999999999.99"), "due_interest": D("99999999999999.99")},
                ],
            }
        },
    )  # fmt: skip
    for card in delivery.tables["card"]:
        card["credit_limit"] = LARGEST
    (owed,) = delivery.tables["loan_balance"]
    owed |= {"overdue_principal": D("99999999999999.99"), "overdue_interest": D("99999999999999.99"),
             "days_past_due": 40}  # fmt: skip
    nights = MemoryNights(MARTS)
    nights.run(delivery)

    assert nights.query(
        "select customer_id, total_assets_amt, loan_amt, net_assets_amt from monitoring.fct_customer_assets"
        " order by customer_id"
    ) == [
        {"customer_id": "FIRM", "total_assets_amt": D("999999999999999.99"), "loan_amt": LARGEST,
         "net_assets_amt": D("-9000000000000000.00")},
        {"customer_id": "SAVER", "total_assets_amt": D("9000000000000000.00"), "loan_amt": D(0),
         "net_assets_amt": D("8999999999999999.88")},
    ]  # fmt: skip
    (owing,) = nights.query(
        "select amount_amt from monitoring.agg_org_assets_daily where asset_class_code = 'loan'"
    )
    assert owing["amount_amt"] == LARGEST
    # 0.12 of twelve cards without a limit: more than 64 bits hold
    (used,) = nights.query(
        "select card_limit_use_rate, next_card_expiry_date from customer.dim_customer_360"
        " where customer_id = 'SAVER'"
    )
    assert used == {"card_limit_use_rate": 0, "next_card_expiry_date": None}
    # 9 × 10^15, 10^15 - 0.01, and 10^16 - 0.01 owed
    driven = nights.query(
        "select driver_count, driver_total from contribution.fct_cost_allocation_monthly"
        " order by driver_count"
    )
    assert [row["driver_count"] for row in driven if row["driver_count"] > 1] == [
        D("999999999999999.99"), D("9000000000000000.00"), LARGEST,
    ]  # fmt: skip
    assert sum(row["driver_count"] for row in driven) == driven[0]["driver_total"]
    (plan,) = nights.query("select actual, attainment_rate from corporate.fct_plan_actual")
    assert plan == {"actual": LARGEST, "attainment_rate": D("100000000000")}
    (term,) = nights.query("select amount_amt from monitoring.fct_event where event_code = 'instalment_due'")
    assert term["amount_amt"] == D("199999999999999.98")
