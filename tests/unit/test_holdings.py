"""What customers hold, line by line: the intermediate tables that product figures share."""

from datetime import date
from decimal import Decimal

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

LINES = "select * from intermediate.int_holding__line_month"


def test_a_deposit_a_fund_and_a_card_are_three_lines() -> None:
    """Golden case X1."""
    bank = Bank([date(2026, 1, 30)])
    customer = bank.customer("C1")
    customer.holds(100)
    customer.invests("50.25")
    customer.card(issued=date(2026, 1, 5))

    nights = MemoryNights(["int_holding__line_month"]).run_all(bank)

    rows = nights.query(f"{LINES} order by product_line_code")
    assert [(row["product_line_code"], row["is_held"], row["asset_amt"]) for row in rows] == [
        ("card", True, Decimal("0.00")),
        ("deposit", True, Decimal("100.00")),
        ("wealth", True, Decimal("50.25")),
    ]


def test_an_overdrawn_account_a_cancelled_card_and_a_repaid_loan_are_not_held() -> None:
    bank = Bank([date(2026, 1, 29), date(2026, 1, 30)])
    customer = bank.customer("C1", opened=date(2025, 1, 1))
    customer.account(product="OVERDRAFT", opened=date(2026, 1, 1)).holds(-5, since=date(2026, 1, 1))
    customer.card(issued=date(2025, 1, 5)).becomes("cancelled", on=date(2026, 1, 30))
    customer.borrows(1000, since=date(2025, 2, 1)).repaid(date(2026, 1, 30))

    nights = MemoryNights(["int_holding__line_month"]).run_all(bank)

    rows = nights.query(f"{LINES} where business_date = '2026-01-30' order by product_line_code")
    # both were held in the night before, but at no month's end that the records tell of
    assert [(row["product_line_code"], row["is_held"], row["is_held_before"]) for row in rows] == [
        ("card", False, True),
        ("loan", False, True),
    ]


def test_a_joint_account_is_held_by_both_owners_at_their_share() -> None:
    bank = Bank([date(2026, 1, 30)])
    account = bank.customer("C1").holds("100.01")
    bank.customer("C2")
    account.shared({"C1": "0.7", "C2": "0.3"}, since=date(2026, 1, 30))

    nights = MemoryNights(["int_holding__line_month"]).run_all(bank)

    rows = nights.query(f"{LINES} order by customer_id")
    # 70.007 and 30.003
    assert [(row["customer_id"], row["asset_amt"]) for row in rows] == [
        ("C1", Decimal("70.01")),
        ("C2", Decimal("30.00")),
    ]


def test_nights_carry_who_held_a_line_before() -> None:
    january, february, middle, march = (
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 16),
        date(2026, 3, 31),
    )
    bank = Bank([january, february, middle, march])
    fund = bank.customer("C1", opened=date(2026, 1, 5)).invests(10, since=date(2026, 1, 5))
    fund.holds(0, since=date(2026, 2, 10)).holds(30, since=date(2026, 3, 10)).holds(
        0, since=date(2026, 3, 20)
    )
    nights = MemoryNights(["int_holding__line_month"])
    seen = []
    for night in bank.deliveries():
        nights.run(night)
        (row,) = nights.query(f"{LINES} where business_date = ?", night.business_date)
        seen.append(
            (
                row["is_held"],
                row["is_held_before"],
                row["last_held_before_date"],
                row["first_held_month_date"],
            )
        )

    first = date(2026, 1, 1)
    assert seen == [
        (True, False, None, first),
        (False, True, first, first),
        # held again after a month without: won back
        (True, False, first, first),
        # lost again before the month ended: as if nothing had been
        (False, False, first, first),
    ]


def test_the_first_night_tells_the_months_of_the_history() -> None:
    bank = Bank([date(2026, 3, 31)], with_loan_history=True)
    old = bank.customer("OLD", opened=date(2024, 6, 1))
    old.holds(100, since=date(2024, 6, 1)).holds(0, since=date(2026, 2, 3)).holds(7, since=date(2026, 3, 3))
    new = bank.customer("NEW", opened=date(2026, 2, 10))
    new.holds(5, since=date(2026, 2, 10))
    new.card(issued=date(2026, 2, 10))
    bank.customer("OTHER", opened=date(2025, 12, 1)).card(issued=date(2025, 12, 1))

    nights = MemoryNights(["int_holding__line_month"]).run_all(bank)

    rows = nights.query(
        f"{LINES} where month_start_date >= '2026-01-01' and customer_id <> 'OTHER'"
        " order by month_start_date, customer_id, product_line_code"
    )
    assert [
        (row["month_start_date"].month, row["customer_id"], row["product_line_code"], row["is_held"],
         row["is_held_before"], row["first_held_before_date"])
        for row in rows
    ] == [
        (1, "OLD", "deposit", True, True, date(2024, 6, 1)),
        (2, "NEW", "card", True, False, None),
        (2, "NEW", "deposit", True, False, None),
        (2, "OLD", "deposit", False, True, date(2024, 6, 1)),
        (3, "NEW", "card", True, True, date(2026, 2, 1)),
        (3, "NEW", "deposit", True, True, date(2026, 2, 1)),
        (3, "OLD", "deposit", True, False, date(2024, 6, 1)),
    ]  # fmt: skip


def test_an_owner_without_a_share_holds_nothing() -> None:
    bank = Bank([date(2026, 1, 30)])
    account = bank.customer("C1").holds(100)
    bank.customer("C2")
    account.shared({"C1": "1", "C2": "0"}, since=date(2026, 1, 30))

    nights = MemoryNights(["int_holding__line_month"]).run_all(bank)

    assert [row["customer_id"] for row in nights.query(LINES)] == ["C1"]
