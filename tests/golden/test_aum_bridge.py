"""The golden cases of the AUM bridge (chapter 5.2), in the month of the first night and in a later one."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

D = Decimal
PARTS = (
    "scope", "fx", "new_money_in", "money_out", "transfer_in", "transfer_out", "own_transfer", "interest",
    "fee", "loan_flow", "overdraft", "investment_result", "unexplained",
)  # fmt: skip
OLD = date(2025, 6, 1)


class Case:
    """A bank of three nights: everything stands on the first, and happens on the second.

    Attributes:
        month: The month in which it happens.
    """

    def __init__(self, *, in_first_month: bool) -> None:
        self.first = date(2026, 3, 2) if in_first_month else date(2026, 2, 27)
        self.second, self.third = date(2026, 3, 9), date(2026, 3, 30)
        self.month = date(2026, 3, 1)
        self.bank = Bank([self.first, self.second, self.third])
        self.bank.rate("USD", "7.00", on=OLD)
        self._moves: list[dict[str, Any]] = []

    def move(self, account: str, direction: str, amount: str, kind: str = "transfer", **more: object) -> None:
        """Book a transaction on the second night."""
        row = {
            "txn_id": f"T{len(self._moves)}", "account_id": account, "txn_date": self.second,
            "amount": D(amount), "direction": direction, "currency": "CNY", "is_in_bank": False,
            "txn_type": kind,
        }  # fmt: skip
        self._moves.append(row | more)
        self.bank.books.book("transaction", self.second, **self._moves[-1])

    def bridge(self, customer: str = "C1", **trades: list[dict[str, Any]]) -> dict[str, Decimal]:
        """Opening, closing and the parts that are not 0, of the month in which it happened."""
        nights = MemoryNights(["agg_aum_bridge_monthly"])
        for night in self.bank.nights:
            if night == self.second and self.first.month != night.month:
                nights.close(self.first.replace(day=28), before=night)
            delivery = self.bank.delivery(night)
            delivery.tables.update(trades if night == self.second else {})
            nights.run(delivery)
        # no row before the month of the first night, and the total of an org is that of its customers
        (begun,) = nights.query(
            "select min(month_start_date) as first from monitoring.fct_aum_bridge_monthly"
        )
        assert begun["first"] >= self.first.replace(day=1)
        (row,) = nights.query(
            "select * from monitoring.fct_aum_bridge_monthly where customer_id = ? and month_start_date = ?",
            customer,
            self.month,
        )
        assert row["opening_amt"] + sum(row[f"{part}_amt"] for part in PARTS) == row["closing_amt"]
        assert row["nnm_indirect_amt"] - row["net_new_money_amt"] == row["unexplained_amt"]
        assert row["net_new_money_amt"] == row["new_money_in_amt"] + row["money_out_amt"]
        moved = {part: row[f"{part}_amt"] for part in PARTS if row[f"{part}_amt"]}
        return {"opening": row["opening_amt"], "closing": row["closing_amt"], **moved}


@pytest.fixture(params=[True, False], ids=["first month", "later month"])
def case(request: pytest.FixtureRequest) -> Case:
    return Case(in_first_month=request.param)


def test_b1_salary_and_cash(case: Case) -> None:
    account = case.bank.customer("C1", opened=OLD).holds(100_000)
    account.holds(108_000, since=case.second)
    case.move("C1-A1", "in", "10000.00", "salary")
    case.move("C1-A1", "out", "2000.00", "cash")
    assert case.bridge() == {
        "opening": D("100000.00"), "closing": D("108000.00"), "new_money_in": D("10000.00"),
        "money_out": D("-2000.00"),
    }  # fmt: skip


def test_b2_a_fund_is_bought_and_rises(case: Case) -> None:
    customer = case.bank.customer("C1", opened=OLD)
    customer.holds(100_000).holds(50_000, since=case.second)
    customer.account(product="FUND", opened=case.second).holds(50_000, since=case.second).holds(
        51_000, since=case.third
    )
    case.move("C1-A1", "out", "50000.00", "purchase")
    assert case.bridge() == {
        "opening": D("100000.00"), "closing": D("101000.00"), "investment_result": D("1000.00"),
    }  # fmt: skip


def test_b3_a_foreign_currency(case: Case) -> None:
    account = case.bank.customer("C1", opened=OLD).holds(1000, currency="USD")
    account.holds(1100, since=case.second)
    case.bank.rate("USD", "7.10", on=case.second)
    case.move("C1-A1", "in", "100.00", currency="USD")
    # 1,000 × 0.10, and 100 × 7.10
    assert case.bridge() == {
        "opening": D("7000.00"), "closing": D("7810.00"), "fx": D("100.00"), "new_money_in": D("710.00"),
    }  # fmt: skip


def test_b4_an_overdraft(case: Case) -> None:
    account = case.bank.customer("C1", opened=OLD).account(product="OVERDRAFT")
    account.holds(-500, since=OLD).holds(300, since=case.second)
    case.move("C1-A1", "in", "800.00")
    # B − b goes from 500 to 0
    assert case.bridge() == {
        "opening": D("0.00"), "closing": D("300.00"), "new_money_in": D("800.00"), "overdraft": D("-500.00"),
    }  # fmt: skip


def test_b5_between_two_accounts_of_one_customer(case: Case) -> None:
    customer = case.bank.customer("C1", opened=OLD)
    customer.holds(60_000).holds(40_000, since=case.second)
    customer.holds(0).holds(20_000, since=case.second)
    case.move("C1-A1", "out", "20000.00", is_in_bank=True, counter_customer_id="C1")
    case.move("C1-A2", "in", "20000.00", is_in_bank=True, counter_customer_id="C1")
    assert case.bridge() == {"opening": D("60000.00"), "closing": D("60000.00")}


@pytest.mark.parametrize(
    ("owner", "closing", "scope"), [("C1", "10000.00", "5000.00"), ("C2", "0.00", "-5000.00")]
)
def test_b6_the_owners_of_a_joint_account_change(case: Case, owner: str, closing: str, scope: str) -> None:
    account = case.bank.customer("C1", opened=OLD).holds(10_000)
    case.bank.customer("C2", opened=OLD)
    account.shared({"C1": "0.5", "C2": "0.5"}, since=OLD)
    account.shared({"C1": "1"}, since=case.second)
    assert case.bridge(owner) == {"opening": D("5000.00"), "closing": D(closing), "scope": D(scope)}


def test_b7_a_product_leaves_aum(case: Case) -> None:
    case.bank.books.product("SPECIAL", "deposit")
    case.bank.customer("C1", opened=OLD).account(product="SPECIAL").holds(30_000, since=OLD)
    case.bank.books.change_product("SPECIAL", case.second, is_in_aum=False)
    assert case.bridge() == {"opening": D("30000.00"), "closing": D("0.00"), "scope": D("-30000.00")}


def test_b8_a_transaction_that_comes_in_the_next_month() -> None:
    """Dated Friday the 30th, delivered on Monday the 2nd, after the month was closed with it."""
    friday, monday = date(2026, 1, 30), date(2026, 2, 2)
    bank = Bank([friday - timedelta(1), friday, monday])
    bank.customer("C1", opened=OLD).holds(100_000).holds(105_000, since=monday)
    late = {
        "txn_id": "T1", "account_id": "C1-A1", "txn_date": friday, "amount": D("5000.00"), "direction": "in",
        "currency": "CNY", "is_in_bank": False, "txn_type": "transfer",
    }  # fmt: skip
    nights = MemoryNights(["agg_aum_bridge_monthly"])
    for night in bank.nights[:2]:
        nights.run(bank.delivery(night))
    nights.close(date(2026, 1, 31), before=monday, transaction=[late])
    nights.run(bank.delivery(monday))
    rows = nights.query("select * from monitoring.fct_aum_bridge_monthly order by month_start_date")
    assert [
        (row["opening_amt"], row["new_money_in_amt"], row["unexplained_amt"], row["closing_amt"])
        for row in rows
    ] == [
        (D("100000.00"), D("0.00"), D("0.00"), D("100000.00")),
        (D("100000.00"), D("5000.00"), D("0.00"), D("105000.00")),
    ]


def test_b9_a_balance_rises_and_nothing_explains_it(case: Case) -> None:
    account = case.bank.customer("C1", opened=OLD).holds(100_000)
    account.holds(100_007, since=case.second)
    assert case.bridge() == {
        "opening": D("100000.00"), "closing": D("100007.00"), "unexplained": D("7.00"),
    }  # fmt: skip


def test_what_closes_keeps_its_weight_for_what_went_out(case: Case) -> None:
    account = case.bank.customer("C1", opened=OLD).holds(100, currency="USD")
    account.closes(case.second)
    case.bank.rate("USD", "7.50", on=case.second)
    case.move("C1-A1", "out", "100.00", currency="USD")
    assert case.bridge() == {
        "opening": D("700.00"), "closing": D("0.00"), "fx": D("50.00"), "money_out": D("-750.00"),
    }  # fmt: skip


def test_what_is_bought_below_full_weight_leaves_aum_in_part(case: Case) -> None:
    """10,000 of a product of half weight: 5,000 leave AUM, and what is left has earned nothing."""
    customer = case.bank.customer("C1", opened=OLD)
    customer.holds(10_000).holds(0, since=case.second)
    customer.account(product="HALF", opened=case.second).holds(10_000, since=case.second)
    case.move("C1-A1", "out", "10000.00", "purchase")
    trade = {
        "trade_id": "S1", "customer_id": "C1", "account_id": "C1-A1", "product_code": "HALF",
        "trade_date": case.second, "amount": D("10000.00"), "fee_income": D(0), "org_id": "O1",
        "status": "live",
    }  # fmt: skip
    assert case.bridge(sales_trade=[trade]) == {
        "opening": D("10000.00"), "closing": D("5000.00"), "scope": D("-5000.00"),
    }  # fmt: skip


def test_who_has_nothing_and_moves_nothing_has_no_row(case: Case) -> None:
    """C2 has an empty account and a position worth nothing: neither rows nor a customer of the org."""
    case.bank.customer("C1", opened=OLD).holds(100)
    case.bank.customer("C2", opened=OLD).holds(0)
    case.bank.customers[1].account(product="FUND").holds(0, since=OLD)
    nights = MemoryNights(["agg_aum_bridge_monthly"])
    for night in case.bank.nights:
        if night == case.second and case.first.month != night.month:
            nights.close(case.first.replace(day=28), before=night)
        nights.run(case.bank.delivery(night))
    rows = nights.query("select distinct customer_id from monitoring.fct_aum_bridge_monthly")
    assert rows == [{"customer_id": "C1"}]
    assert {row["customer_cnt"] for row in nights.query("from monitoring.agg_aum_bridge_monthly")} == {1}


def first_month(bank: Bank, *history: tuple[str, date, str]) -> dict[str, Any]:
    """The only customer's bridge on the first night, whose history has balances at the ends of months."""
    delivery = bank.delivery(bank.start)
    delivery.tables["monthly_balance_history"] = [
        {
            "account_id": account, "product_code": "CURRENT", "balance_month": month,
            "month_end_balance": D(amount), "balance_sum": D(amount), "day_count": 1,
        }
        for account, month, amount in history
    ]  # fmt: skip
    nights = MemoryNights(["fct_aum_bridge_monthly"])
    nights.run(delivery)
    (row,) = nights.query("select * from monitoring.fct_aum_bridge_monthly")
    return row


def test_the_first_opening_is_the_accounts_own_row_of_the_history_and_what_opens_that_night_had_nothing() -> (
    None
):
    """A1 has a row of March, A2 only one of February, A3 none but is old; A4 opens on the first night.

    100.00 + 20.00 + 3.00 + 0.00 open; tonight there are 110.00 + 21.00 + 3.00 + 5.00.
    """
    first = date(2026, 3, 2)
    bank = Bank([first])
    customer = bank.customer("C1", opened=OLD)
    for amount, opened in ((110, OLD), (21, OLD), (3, OLD), (5, first)):
        customer.account(opened=opened).holds(amount, since=opened)
    row = first_month(
        bank,
        ("C1-A1", date(2026, 2, 1), "90.00"),
        ("C1-A1", date(2026, 3, 1), "100.00"),
        ("C1-A2", date(2026, 2, 1), "20.00"),
    )
    assert (row["opening_amt"], row["closing_amt"]) == (D("123.00"), D("139.00"))


def test_what_was_closed_before_the_first_night_is_not_in_the_opening() -> None:
    """A1 holds 100.00. A2 held 20.00 and closed on 1 March: it has no row of March and no balance."""
    first = date(2026, 3, 9)
    bank = Bank([first])
    customer = bank.customer("C1", opened=OLD)
    customer.account(opened=OLD).holds(100, since=OLD)
    customer.account(opened=OLD).holds(20, since=OLD).closes(date(2026, 3, 1))
    row = first_month(
        bank,
        ("C1-A1", date(2026, 2, 1), "100.00"),
        ("C1-A1", date(2026, 3, 1), "100.00"),
        ("C1-A2", date(2026, 2, 1), "20.00"),
    )
    assert (row["opening_amt"], row["closing_amt"], row["unexplained_amt"]) == (D(100), D(100), D(0))
