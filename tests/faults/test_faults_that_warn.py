"""What looks odd but may be true goes on record and stops nothing."""

from decimal import Decimal

import pytest

from orchestration.settings import Settings
from tests.faults.conftest import CUSTOMERS, SECOND
from tests.faults.delivered import Delivered
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse

LEAVERS = 300


@pytest.fixture
def odd(batch: Delivered, settings: Settings, warehouse: Warehouse) -> Warehouse:
    """A published night with a quarter of the accounts gone, a new column and a shared certificate."""
    balances = batch.records("deposit_balance")
    batch.write("deposit_balance", balances[: CUSTOMERS + 1 - LEAVERS])

    orgs = batch.records("org")
    batch.write("org", [[*orgs[0], "manager_mood"], *([*org, "sunny"] for org in orgs[1:])])

    customers = batch.records("customer")
    cert_type, cert_no = customers[0].index("cert_type"), customers[0].index("cert_no")
    for customer in customers[5:7]:
        customer[cert_type], customer[cert_no] = "ID", "SAME-NUMBER"
    # a program that writes fixed widths, and dates that mean none
    for customer in customers[20:30]:
        customer[customers[0].index("customer_id")] += "    "
        customer[customers[0].index("birth_date")] = "0001-01-01"
    batch.write("customer", customers)
    accounts = batch.records("account")
    for account in accounts[1:]:
        account[accounts[0].index("close_date")] = "9999-12-31"
    batch.write("account", accounts)

    run_quickly(settings)
    return warehouse


def test_odd_batches_are_published_with_a_warning_on_record(odd: Warehouse) -> None:
    rows = odd.query(
        "select table_name, check_code, message from quality.fct_check_result "
        "where business_date = ? and severity_code = 'warn' and not is_passed",
        SECOND,
    )
    warned = {(row["table_name"], row["check_code"]) for row in rows}
    assert warned >= {
        ("deposit_balance", "row_count_moved"),
        ("org", "column_unknown"),
        ("customer", "certificate_duplicate"),
        ("customer", "key_padded"),
    }
    (padded,) = (row["message"] for row in rows if row["check_code"] == "key_padded")
    assert f"10 of {CUSTOMERS} values" in padded
    assert [row["table_name"] for row in rows if row["check_code"] == "aum_moved"] == [""], "told twice"
    assert "aum_moved" in {check for _, check in warned}
    assert not any("SAME-NUMBER" in row["message"] for row in rows), "a message quotes a private value"

    (total,) = odd.query(
        "select sum(deposit_end_amt) as amount from customer_value.fct_customer_aum_monthly "
        "where month_start_date = date '2026-01-01'"
    )
    (known,) = odd.query(
        "select count(distinct customer_id) as customers from customer_value.fct_customer_aum_monthly "
        "where month_start_date = date '2026-01-01'"
    )
    assert known["customers"] == CUSTOMERS, "padding made another customer"
    dates = odd.query(
        "select table_name, column_name, observed from quality.fct_check_result "
        "where business_date = ? and check_code = 'open_date' order by all",
        SECOND,
    )
    assert [tuple(row.values()) for row in dates] == [
        ("account", "close_date", f"{CUSTOMERS + CUSTOMERS // 7}"),
        ("customer", "birth_date", "10"),
    ]

    # customer n holds 1,000 + n; those above 900 are gone
    assert total["amount"] == Decimal(sum(1000 + number for number in range(1, CUSTOMERS - LEAVERS + 1)))
