"""Banks whose money has small units (VND, IDR), from their files to the release, with the largest amounts.

In memory, for any amount: ``reference/test_amounts_of_any_size.py``.
"""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from orchestration.settings import Settings
from tests.support.bank import Bank
from tests.support.landing import land
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse

NIGHT = date(2026, 1, 1)
DOLLARS = Decimal("1000000.01")
OWED = Decimal("9999999999999999.99")
"""The largest amount of the contract."""
HELD = {
    # together with the dollars just below the largest amount
    "rich": Decimal("9899999999999999.99"),
    # beyond 64 bits in hundred thousandths and in ten millionths
    "edge": Decimal("92233720368547.76"),
    "next": Decimal("922337203685.48"),
    "poor": Decimal("0.01"),
}


@pytest.mark.parametrize(
    ("currency", "zone", "dollar"),
    [("VND", "Asia/Ho_Chi_Minh", "26105"), ("IDR", "Asia/Jakarta", "16342.00000001")],
)
def test_a_night_in_small_units_is_right_to_the_last_of_them(
    currency: str, zone: str, dollar: str, tmp_path: Path
) -> None:
    bank = Bank([NIGHT])
    for name, amount in HELD.items():
        bank.customer(name, opened=NIGHT).holds(amount, currency=currency)
    bank.customer("abroad", opened=NIGHT).holds(DOLLARS, currency="USD")
    bank.rate("USD", dollar, on=NIGHT)
    firm = bank.customer("firm", kind="C", opened=NIGHT)
    firm.borrows(OWED, since=NIGHT, currency=currency)
    delivery = bank.delivery(NIGHT)
    products = [row | {"currency": currency} for row in delivery.tables["product"]]
    land(tmp_path, replace(delivery, tables=delivery.tables | {"product": products}))
    (tmp_path / "bank.yml").write_text(f"reporting_currency: {currency}\ntime_zone: {zone}\n")

    (night,) = run_quickly(Settings.load(tmp_path))

    assert night.release == f"{NIGHT}.1"
    worth = (DOLLARS * Decimal(dollar)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    expected = HELD | {"abroad": worth, "firm": Decimal(0)}
    everybody = sum(expected.values())
    warehouse = Warehouse(tmp_path)
    for column in (
        "aum_end_amt",
        "aum_month_avg_amt",
        "balance_sum_amt",
        "deposit_end_amt",
        "aum_max_12m_amt",
    ):
        rows = warehouse.query(f"select customer_id, {column} from customer_value.fct_customer_aum_monthly")
        assert {row["customer_id"]: row[column] for row in rows} == expected, column
    # 10,000,000 in any currency is the line of the highest tier
    tiers = warehouse.query("select customer_id, tier_code from customer_value.fct_customer_tier_monthly")
    assert {row["customer_id"]: row["tier_code"] for row in tiers} == {
        "rich": "core", "edge": "core", "next": "core", "abroad": "core", "poor": "ordinary",
    }  # fmt: skip
    for report, amount, scheme in (
        ("rpt_balance_band", "aum_amt", "scheme_code"),
        ("rpt_tier_migration_monthly", "aum_amt", "month_start_date"),
        ("agg_org_aum_monthly", "aum_end_amt", "month_start_date"),
        ("rpt_aum_concentration", "all_aum_amt", "cut_code"),
    ):
        totals = warehouse.query(
            f"select sum({amount}) as amt from customer_value.{report} group by {scheme}"
        )
        assert {row["amt"] for row in totals} == {everybody}, report
    (owes,) = warehouse.query(
        "select loan_amt, net_assets_amt from monitoring.fct_customer_assets where loan_amt > 0"
    )
    assert (owes["loan_amt"], owes["net_assets_amt"]) == (OWED, -OWED)
