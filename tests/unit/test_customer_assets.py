"""Assets of the day by customer and by org, in memory."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

D = Decimal
FIRST, FRIDAY, SATURDAY, MONDAY = date(2026, 1, 29), date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 2)
OLD = date(2025, 6, 1)
MARTS = ["fct_customer_assets", "agg_org_assets_daily"]


def assets(nights: MemoryNights, customer: str) -> dict[str, Any]:
    (row,) = nights.query("select * from monitoring.fct_customer_assets where customer_id = ?", customer)
    return row


def changes(row: dict[str, Any], measure: str) -> tuple[Any, Any, Any]:
    day, month, year = (row[f"{measure}_change_{end}_amt"] for end in ("day", "month", "year"))
    return day, month, year


def wealthy() -> Bank:
    """C1 keeps 1,000 and, on Monday, 1,100; 500 outside AUM; 200 that count by half; owes 300 and 50."""
    bank = Bank([FIRST, FRIDAY, MONDAY])
    customer = bank.customer("C1", opened=OLD)
    customer.holds(1000).holds(1100, since=MONDAY)
    customer.invests(500, product="OUTSIDE", since=OLD)
    customer.invests(200, product="HALF", since=OLD).holds(260, since=FRIDAY, product="HALF")
    customer.borrows(300, since=date(2026, 1, 10))
    customer.card(issued=OLD).owes(50, since=OLD)
    return bank


def test_assets_count_in_full_and_debts_come_off() -> None:
    nights = MemoryNights(MARTS)
    nights.run(wealthy().delivery(FIRST))
    row = assets(nights, "C1")
    amounts = ("deposit", "investment", "total_assets", "aum", "loan", "card_debt", "net_assets")
    assert [row[f"{name}_amt"] for name in amounts] == [
        D("1000.00"), D("700.00"), D("1700.00"), D("1100.00"), D("300.00"), D("50.00"), D("1350.00"),
    ]  # fmt: skip
    assert (row["owning_org_id"], row["employee_id"], row["business_date"]) == ("O1", None, FIRST)


def test_changes_are_against_the_day_the_month_and_the_year_before() -> None:
    bank = wealthy()
    nights = MemoryNights(MARTS)
    nights.run(bank.delivery(FIRST))
    row = assets(nights, "C1")
    # history tells the end of December, of balances but not of loans
    assert changes(row, "total_assets") == (None, D("0.00"), D("0.00"))
    assert changes(row, "aum") == (None, D("0.00"), D("0.00"))
    assert changes(row, "loan") == (None, None, None)
    nights.run(bank.delivery(FRIDAY))
    row = assets(nights, "C1")
    assert changes(row, "investment") == (D("60.00"), D("60.00"), D("60.00"))
    assert changes(row, "aum") == (D("30.00"), D("30.00"), D("30.00"))
    nights.close(SATURDAY, before=MONDAY)
    nights.run(bank.delivery(MONDAY))
    row = assets(nights, "C1")
    # against Friday, the end of January, which is recorded now, and December
    assert changes(row, "deposit") == (D("100.00"), D("100.00"), D("100.00"))
    assert changes(row, "investment") == (D("0.00"), D("0.00"), D("60.00"))
    assert changes(row, "total_assets") == (D("100.00"), D("100.00"), D("160.00"))
    assert changes(row, "loan") == (D("0.00"), D("0.00"), None)


def test_loans_that_history_tells_have_changes_too() -> None:
    bank = wealthy()
    bank.with_loan_history = True
    bank.customers[0].borrows(40, since=OLD)
    nights = MemoryNights(MARTS)
    nights.run(bank.delivery(FIRST))
    # 340 now, 40 at the end of December
    assert changes(assets(nights, "C1"), "loan") == (None, D("300.00"), D("300.00"))


def test_without_history_only_the_days_since_are_recorded() -> None:
    bank = Bank([FIRST, FRIDAY])
    bank.customer("C1").holds(10).holds(4, since=FRIDAY)
    nights = MemoryNights(MARTS).run_all(bank)
    assert changes(assets(nights, "C1"), "deposit") == (D("-6.00"), None, None)


def test_whoever_holds_nothing_has_a_row_of_zeros_and_what_is_gone_is_a_change() -> None:
    bank = Bank([FIRST, FRIDAY])
    bank.customer("C1", opened=OLD)
    bank.customer("C2", opened=OLD).holds(10).vanishes(FRIDAY)
    nights = MemoryNights(MARTS).run_all(bank)
    assert assets(nights, "C1")["total_assets_amt"] == D("0.00")
    gone = assets(nights, "C2")
    assert (gone["total_assets_amt"], changes(gone, "total_assets")) == (
        D("0.00"),
        (D("-10.00"), D("-10.00"), D("-10.00")),
    )


def test_owners_of_a_joint_account_have_their_share_in_the_reporting_currency() -> None:
    bank = Bank([FIRST])
    bank.rate("USD", "7.123456", on=FIRST)
    bank.customer("C1").holds("0.33", currency="USD").shared({"C1": "0.25", "C2": "0.75"}, since=FIRST)
    bank.customer("C2")
    nights = MemoryNights(MARTS).run_all(bank)
    # 0.33 × 7.123456 × 0.25 = 0.58768512, × 0.75 = 1.76305536, together 2.35074048
    assert [assets(nights, name)["deposit_amt"] for name in ("C1", "C2")] == [D("0.59"), D("1.76")]
    (org,) = nights.query("select * from monitoring.agg_org_assets_daily")
    assert (org["amount_amt"], org["customer_cnt"]) == (D("2.35"), 2)


def test_an_owner_without_a_share_is_no_customer_of_the_org() -> None:
    bank = Bank([FIRST])
    bank.customer("C1").holds(10).shared({"C1": "1", "C2": "0"}, since=FIRST)
    bank.customer("C2")
    (org,) = MemoryNights(MARTS).run_all(bank).query("select * from monitoring.agg_org_assets_daily")
    assert (org["amount_amt"], org["customer_cnt"]) == (D("10.00"), 1)


def test_orgs_have_a_row_per_class_and_business_date() -> None:
    bank = wealthy()
    bank.customer("C2", org="O2").holds(7).vanishes(FRIDAY)
    nights = MemoryNights(MARTS)
    nights.run(bank.delivery(FIRST))
    nights.run(bank.delivery(FRIDAY))
    nights.close(SATURDAY, before=MONDAY)
    nights.run(bank.delivery(MONDAY))
    rows = nights.query(
        "select * from monitoring.agg_org_assets_daily order by business_date, org_id, asset_class_code"
    )
    found = [
        (
            row["business_date"],
            row["org_id"],
            row["asset_class_code"],
            row["amount_amt"],
            row["change_day_amt"],
        )
        for row in rows
    ]
    assert found == [
        (FIRST, "O1", "card", D("50.00"), None),
        (FIRST, "O1", "deposit", D("1000.00"), None),
        (FIRST, "O1", "loan", D("300.00"), None),
        (FIRST, "O1", "wealth", D("700.00"), None),
        (FIRST, "O2", "deposit", D("7.00"), None),
        (FRIDAY, "O1", "card", D("50.00"), D("0.00")),
        (FRIDAY, "O1", "deposit", D("1000.00"), D("0.00")),
        (FRIDAY, "O1", "loan", D("300.00"), D("0.00")),
        (FRIDAY, "O1", "wealth", D("760.00"), D("60.00")),
        # emptied: a last row
        (FRIDAY, "O2", "deposit", D("0.00"), D("-7.00")),
        (MONDAY, "O1", "card", D("50.00"), D("0.00")),
        (MONDAY, "O1", "deposit", D("1100.00"), D("100.00")),
        (MONDAY, "O1", "loan", D("300.00"), D("0.00")),
        (MONDAY, "O1", "wealth", D("760.00"), D("0.00")),
    ]
