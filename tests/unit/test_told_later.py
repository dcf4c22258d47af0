"""A month with a batch on its last day: what the first batch after it tells of the month is added."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.customer_value import customer_value
from tests.reference.known import replay
from tests.support.bank import Bank
from tests.support.memory_nights import MemoryNights

THURSDAY, SATURDAY, MONDAY, TUESDAY = (
    date(2026, 2, 26), date(2026, 2, 28), date(2026, 3, 2), date(2026, 3, 3),
)  # fmt: skip
FEBRUARY, MARCH, LONG_AGO = date(2026, 2, 1), date(2026, 3, 1), date(2019, 5, 1)
MARTS = ["fct_customer_tier_monthly", "fct_account_contribution_monthly", "fct_cost_allocation_monthly"]
COLUMNS = {
    "customer_value.fct_customer_tier_monthly": "customer_id, tier_code, card_spend_12m_amt, owning_org_id",
    "contribution.fct_account_contribution_monthly": "account_id, org_id, fee_income_amt, allocated_cost_amt,"
    " deposit_nii_amt, expected_loss_amt",
    "contribution.fct_cost_allocation_monthly": "account_id, cost_pool_id, driver_count, driver_total",
}


def bank_of(nights: list[date], *, told_on: date) -> Bank:
    """The last two days of February are told by one batch or another; Monday's changes all the rest."""
    bank = Bank(nights)
    bank.books.quote("C1", date(2025, 12, 31), d0="0.02", d365="0.03")
    bank.books.product("LEND", "loan", day_count=360)
    spender = bank.customer("spender", opened=LONG_AGO).moves_to("O2", on=MONDAY)
    account = spender.holds(1_000, since=date(2026, 1, 1)).moves_to("O2", on=MONDAY)
    account.holds(9_000, since=MONDAY)
    plastic = spender.card(issued=LONG_AGO)
    plastic.spends(60_000, on=date(2026, 2, 10))
    plastic.spends(40_000, on=SATURDAY, arrives=told_on)
    bank.customer("other", opened=LONG_AGO).holds(1_000, since=date(2026, 1, 1))
    loan = bank.customer("debtor", opened=LONG_AGO).borrows(1_200_000, since=date(2026, 1, 5))
    loan.bears("0.05", until=date(2036, 1, 5), product="LEND")

    def happens(table: str, **values: Any) -> None:
        bank.books.book(table, told_on, **values)

    bank.books.move("other-A1", THURSDAY)
    for number in ("1", "2", "3"):
        happens(
            "transaction", txn_id=f"late{number}", account_id="spender-A1", txn_date=SATURDAY,
            amount=Decimal("1.00"), direction="in", currency="CNY", is_in_bank=True, txn_type="transfer",
        )  # fmt: skip
    happens(
        "fee_income", fee_id="late", customer_id="spender", product_code="CURRENT", org_id="O1",
        income_date=date(2026, 2, 27), fee_type="service", amount=Decimal("30.00"), direct_cost=Decimal("2"),
    )  # fmt: skip
    happens(
        "cost_pool", cost_pool_id="P", cost_month=FEBRUARY, org_id="O1", amount=Decimal("100.00"),
        driver_code="transactions",
    )  # fmt: skip
    happens(
        "risk_parameter", loan_id="debtor-L1", risk_month=FEBRUARY, pd=Decimal("0.01"), lgd=Decimal("0.5"),
        ead=Decimal("1200000"), capital_rate=None,
    )  # fmt: skip
    return bank


def month_of(nights: MemoryNights, table: str, month: date) -> list[dict[str, Any]]:
    return nights.query(
        f"select {COLUMNS[table]} from {table} where month_start_date = ? order by all", month
    )


@pytest.mark.parametrize(
    "nights",
    [[THURSDAY, SATURDAY, MONDAY, TUESDAY], [SATURDAY, MONDAY], [date(2026, 1, 30), SATURDAY, MONDAY]],
    ids=["in the middle", "the first night was the last day", "after a gap"],
)
def test_what_the_next_batch_tells_counts_as_if_the_last_day_had_told_it(nights: list[date]) -> None:
    in_time = MemoryNights(MARTS).run_all(bank_of(nights, told_on=SATURDAY))
    later = MemoryNights(MARTS).run_all(bank_of(nights, told_on=MONDAY))

    for table in COLUMNS:
        for month in (FEBRUARY, MARCH):
            assert month_of(later, table, month) == month_of(in_time, table, month), (table, month)


def test_the_figures_are_those_of_the_chapters() -> None:
    # recorded from February's first day on
    nights = MemoryNights(MARTS).run_all(bank_of([FEBRUARY, SATURDAY, MONDAY], told_on=MONDAY))

    (tier,) = nights.query(
        "from customer_value.fct_customer_tier_monthly"
        " where customer_id = 'spender' and month_start_date = ?",
        FEBRUARY,
    )
    # 60,000 + 40,000 give platinum; Monday's org and balance are March's
    assert (tier["card_spend_12m_amt"], tier["tier_code"]) == (100_000, "platinum")
    assert (tier["assessment_aum_amt"], tier["owning_org_id"]) == (1_000, "O1")
    lines = nights.query(
        "from contribution.fct_account_contribution_monthly where month_start_date = ?", FEBRUARY
    )
    by_account = {row["account_id"]: row for row in lines}
    assert by_account["FEE:spender:CURRENT"]["fee_income_amt"] == 30
    assert by_account["FEE:spender:CURRENT"]["direct_cost_amt"] == -2
    # three and one of six transactions: 100.00 × 3 / 6, × 1 / 6; two are the card's
    assert by_account["spender-A1"]["allocated_cost_amt"] == -50
    assert by_account["other-A1"]["allocated_cost_amt"] == Decimal("-16.67")
    # 0.01 × 0.5 × 1,200,000 / 12
    assert by_account["debtor-L1"]["expected_loss_amt"] == -500


def test_the_reference_says_the_same_of_card_spending() -> None:
    bank = bank_of([THURSDAY, SATURDAY, MONDAY], told_on=MONDAY)
    nights = MemoryNights(MARTS).run_all(bank)
    expected = customer_value(replay(bank.deliveries()))

    for month in (FEBRUARY, MARCH):
        rows = nights.query("from customer_value.fct_customer_tier_monthly where month_start_date = ?", month)
        assert {row["customer_id"]: row["card_spend_12m_amt"] for row in rows} == {
            customer: factors[month].card_spend for customer, factors in expected.factors.items()
        }


def test_what_comes_one_batch_later_leaves_the_month_alone() -> None:
    nights = MemoryNights(MARTS).run_all(bank_of([THURSDAY, SATURDAY, MONDAY, TUESDAY], told_on=TUESDAY))

    spend = nights.query(
        "select month_start_date, card_spend_12m_amt from customer_value.fct_customer_tier_monthly "
        "where customer_id = 'spender' order by month_start_date desc limit 2"
    )
    # at its own date, in trailing figures of open months
    assert [tuple(row.values()) for row in spend] == [(MARCH, 100_000), (FEBRUARY, 60_000)]
    fees = nights.query(
        "select month_start_date from contribution.fct_account_contribution_monthly where fee_income_amt <> 0"
    )
    assert fees == [{"month_start_date": MARCH}]
