"""A village that the reports tell of: managers, a move between orgs, business around a month end."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.support.bank import Bank, Delivery
from tests.support.published import hashed
from tests.support.warehouse import Warehouse
from tests.support.whole_nights import WholeNights

MON_26, FRI_30 = date(2026, 1, 26), date(2026, 1, 30)
MON_2, TUE_3 = date(2026, 2, 2), date(2026, 2, 3)
SATURDAY_31 = date(2026, 1, 31)
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
LONG_AGO = date(2015, 6, 1)
MARTS = (
    "rpt_tier_migration_monthly", "rpt_tier_change_customer", "rpt_attention_lost_by_manager",
    "rpt_private_bank_growth", "rpt_private_bank_lost", "rpt_private_bank_new_detail",
    "rpt_private_bank_stock_detail", "rpt_private_bank_transaction_detail",
    "rpt_private_bank_transaction_summary", "rpt_private_bank_marketing_detail",
)  # fmt: skip
Row = dict[str, Any]


def village() -> Bank:
    """Two private-banking customers, one who fades, one who moves, one whose riches last a day."""
    bank = Bank([MON_26, FRI_30, MON_2, TUE_3])
    bank.rate("USD", "7.1", on=MON_26)
    bank.customer("rich", opened=LONG_AGO).account().months(1200, 1200, 1200, to=FEBRUARY)
    bank.customer("rising", opened=LONG_AGO).holds(6_000_000, since=date(2025, 12, 1)).holds(
        20_000_000, since=MON_2
    )
    bank.customer("poor", opened=LONG_AGO).holds(10_000, since=date(2025, 12, 1))
    bank.customer("fading", opened=LONG_AGO).account().months(60, *[30] * 5, to=FEBRUARY)
    mover = bank.customer("mover", opened=LONG_AGO)
    mover.holds(100_000, since=date(2025, 12, 1))
    mover.account(org="O2", opened=TUE_3).holds(300_000, since=TUE_3)
    bank.customer("briefly", opened=LONG_AGO).holds(1_000, since=date(2025, 12, 1)).holds(
        200_000, since=MON_2
    ).holds(1_000, since=TUE_3)
    return bank


def assignment(
    number: int, customer: str, employee: str, since: date, until: date | None, **more: str
) -> Row:
    """One main manager's row."""
    return {
        "assignment_id": f"A{number}",
        "customer_id": customer,
        "employee_id": employee,
        "org_id": "O1",
        "role": "main",
        "participation": Decimal(1),
        "valid_from": since,
        "valid_to": until,
        "change_reason": "assign",
        "recorded_at": datetime(2026, 1, 1, 9),
    }


def transaction(txn_id: str, customer: str, on: date, amount: int, **more: Any) -> Row:
    """One incoming transfer."""
    return {
        "txn_id": txn_id,
        "account_id": f"{customer}-A1",
        "txn_date": on,
        "txn_time": None,
        "amount": Decimal(amount),
        "direction": "in",
        "currency": "CNY",
        "channel_code": None,
        "org_id": "O1",
        "teller_id": None,
        "counter_account": "6222",
        "counter_bank_code": None,
        "counter_name": "Private Person",
        "counter_customer_id": None,
        "is_in_bank": False,
        "txn_type": "transfer",
        "reversed_txn_id": None,
        **more,
    }


def trade(trade_id: str, customer: str, on: date, **more: Any) -> Row:
    """One sale of a fund."""
    return {
        "trade_id": trade_id,
        "customer_id": customer,
        "account_id": None,
        "product_code": "FUND",
        "trade_date": on,
        "amount": Decimal(50_000),
        "fee_income": Decimal(100),
        "org_id": "O2",
        "teller_id": None,
        "channel_code": None,
        "status": "live",
        "related_trade_id": None,
        **more,
    }


def with_business(delivery: Delivery) -> Delivery:
    """The night's assignments, transactions and trades."""
    night, tables = delivery.business_date, delivery.tables
    if night == MON_26:
        tables["assignment"] = [
            assignment(1, "rich", "E1", LONG_AGO, MON_2),
            assignment(2, "fading", "E1", LONG_AGO, None),
        ]
        tables["transaction"] = [
            transaction("before", "rich", date(2025, 12, 30), 10),
            transaction("of poor", "poor", MON_26, 20),
        ]
        tables["sales_trade"] = [
            trade("sold", "rich", MON_26, currency="USD"),
            trade("sold to poor", "poor", MON_26),
        ]
    elif night == MON_2:
        tables["transaction"] = [
            transaction("on saturday", "rich", SATURDAY_31, 30),
            transaction("late", "rich", date(2025, 12, 31), 40),
            transaction("of rising", "rising", MON_2, 50, direction="out"),
        ]
    elif night == TUE_3:
        cancelled = trade("cancellation", "rich", TUE_3, status="cancelled", related_trade_id="sold")
        tables["sales_trade"] = [cancelled]
        tables["transaction"] = [transaction("on saturday", "rich", SATURDAY_31, 30)]
    return delivery


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The village's nights in memory."""
    nights = WholeNights(MARTS).run_deliveries(map(with_business, village().deliveries()))
    return nights.published(tmp_path_factory.mktemp("reported"))


@pytest.fixture
def rows(warehouse: Warehouse) -> Callable[..., list[Row]]:
    def found(table: str, *columns: str, **where: Any) -> list[Any]:
        conditions = " and ".join(f"{column} = ?" for column in where) or "true"
        query = f"select {', '.join(columns)} from customer_value.{table} where {conditions} order by all"
        return [tuple(row.values()) for row in warehouse.query(query, *where.values())]

    return found


def test_a_customer_whose_org_changes_opens_the_month_there_and_ends_it_here(rows) -> None:
    columns = ("org_id", "from_tier_code", "to_tier_code", "customer_cnt", "opening_cnt", "closing_cnt")
    moved = rows(
        "rpt_tier_migration_monthly", *columns, month_start_date=FEBRUARY, from_tier_code="potential"
    )
    assert moved == [
        ("O1", "potential", "gold", 0, 1, 0),
        ("O2", "potential", "gold", 1, 0, 1),
    ]


def test_the_first_recorded_month_has_no_opening(rows) -> None:
    ways = rows("rpt_tier_migration_monthly", "from_tier_code", month_start_date=date(2025, 9, 1))
    assert set(ways) == {("new",)}


def test_a_manager_counts_if_assigned_on_the_months_last_day(rows) -> None:
    columns = ("employee_id", "status_code", "tier_code", "customer_cnt", "first_month_cnt")
    assert rows("rpt_attention_lost_by_manager", *columns, month_start_date=JANUARY) == [
        ("E1", "attention", "platinum", 1, 1)
    ]
    assert rows("rpt_attention_lost_by_manager", *columns, month_start_date=FEBRUARY) == [
        ("E1", "attention", "platinum", 1, 0)
    ]
    managers = rows("rpt_private_bank_stock_detail", "month_start_date", "employee_id", customer_id="rich")
    assert managers[-2:] == [(JANUARY, "E1"), (FEBRUARY, "UNASSIGNED")]


def test_growth_that_becomes_private_leaves_one_class_and_is_newly_won_by_the_other(rows) -> None:
    assert rows("rpt_private_bank_new_detail", "class_code", "entry_code", month_start_date=FEBRUARY) == [
        ("private", "other_class")
    ]
    growth = rows("rpt_private_bank_growth", "customer_cnt", "to_private_cnt", month_start_date=FEBRUARY)
    assert growth == [(0, 1)]
    columns = ("class_code", "other_class_cnt", "lost_cnt")
    assert rows("rpt_private_bank_lost", *columns, month_start_date=FEBRUARY) == [("growth_private", 1, 0)]


def test_transactions_of_private_banking_customers_are_listed_once_in_their_month(rows) -> None:
    assert rows("rpt_private_bank_transaction_detail", "txn_id", "month_start_date", "customer_id") == sorted(
        [
            (hashed("before"), date(2025, 12, 1), "rich"),
            (hashed("late"), FEBRUARY, "rich"),
            (hashed("of rising"), FEBRUARY, "rising"),
            (hashed("on saturday"), JANUARY, "rich"),
        ]
    )
    columns = ("direction_code", "txn_cnt", "amount_amt", "out_of_bank_amt")
    assert rows("rpt_private_bank_transaction_summary", *columns, month_start_date=FEBRUARY) == [
        ("in", 1, 40, 40),
        ("out", 1, 50, 50),
    ]


def test_counterparties_are_not_published(golden_warehouse: Warehouse) -> None:
    rows = golden_warehouse.query("describe customer_value.rpt_private_bank_transaction_detail")
    columns = [row["column_name"] for row in rows]
    assert "txn_id" in columns
    assert not [column for column in columns if column.startswith("counter")]


def test_a_trade_and_its_cancellation_are_listed(rows) -> None:
    columns = ("trade_id", "month_start_date", "status_code", "org_id", "trade_org_id")
    assert rows("rpt_private_bank_marketing_detail", *columns) == [
        ("cancellation", FEBRUARY, "cancelled", "O1", "O2"),
        ("sold", JANUARY, "live", "O1", "O2"),
    ]


def test_a_sale_in_dollars_is_listed_in_dollars_and_in_the_reporting_currency(rows) -> None:
    columns = ("trade_id", "currency_code", "amount_ccy_amt", "amount_amt", "fee_income_amt")
    # 50,000 × 7.1 and 100 × 7.1; the cancellation names no currency, so its product's counts
    assert rows("rpt_private_bank_marketing_detail", *columns) == [
        ("cancellation", "CNY", 50_000, 50_000, 100),
        ("sold", "USD", 50_000, 355_000, 710),
    ]


def test_what_a_night_takes_back_is_on_no_list(rows) -> None:
    # gold on Monday by the average of one day, 100,500 on Tuesday by that of two and a half
    changes = rows("rpt_tier_change_customer", "customer_id", "to_tier_code", month_start_date=FEBRUARY)
    assert ("briefly", "gold") not in changes
