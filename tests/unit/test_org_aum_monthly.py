"""AUM by org and month: what accounts hold there, and what the owned customers are judged by."""

from datetime import date
from decimal import Decimal

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

D = Decimal
FIRST, SECOND = date(2026, 1, 30), date(2026, 1, 31)


def test_orgs_keep_what_their_accounts_hold_and_are_judged_by_whom_they_own() -> None:
    bank = Bank([FIRST, SECOND])
    both = bank.customer("C1", org="O1")
    both.account(org="O1").holds(100, since=FIRST)
    both.account(org="O2").holds("20.50", since=FIRST)
    bank.customer("C2", org="O2").holds(40)
    bank.customer("FIRM", org="O2", kind="C").holds(7)
    bank.customer("NONE", org="O1")

    nights = MemoryNights(["agg_org_aum_monthly"]).run_all(bank)

    rows = nights.query(
        "select * from customer_value.agg_org_aum_monthly"
        " where month_start_date = '2026-01-01' order by org_id"
    )
    columns = (
        "org_id", "aum_end_amt", "personal_aum_end_amt", "assessment_aum_amt",
        "customer_cnt", "personal_customer_cnt", "owned_customer_cnt",
    )  # fmt: skip
    assert [tuple(row[column] for column in columns) for row in rows] == [
        # C1 is judged whole at O1, with what lies at O2; NONE holds nothing
        ("O1", D("100.00"), D("100.00"), D("120.50"), 1, 1, 2),
        ("O2", D("67.50"), D("60.50"), D("40.00"), 3, 2, 1),
    ]
    # the same balance on all recorded days
    assert [(row["aum_month_avg_amt"], row["personal_aum_month_avg_amt"]) for row in rows] == [
        (D("100.00"), D("100.00")),
        (D("67.50"), D("60.50")),
    ]


def test_orgs_add_to_the_customers_to_the_cent() -> None:
    bank = Bank([date(2026, 1, 30), date(2026, 2, 27)])
    for number in range(7):
        customer = bank.customer(f"C{number}", org="O1")
        customer.account(org="O1").holds(f"{number * 10}.03", since=date(2026, 1, 1 + number))
        customer.account(org="O2").holds("33.33", since=date(2026, 2, 1 + number))

    nights = MemoryNights(["agg_org_aum_monthly"]).run_all(bank)

    found, expected = (
        nights.query(f"select month_start_date, {sums} from customer_value.{table} group by 1 order by 1")
        for table, sums in (
            ("agg_org_aum_monthly", "sum(aum_end_amt) as held, sum(aum_month_avg_amt) as average"),
            ("fct_customer_aum_monthly", "sum(aum_end_amt) as held, sum(aum_month_avg_amt) as average"),
        )
    )
    assert len(found) == 2 and found == expected
