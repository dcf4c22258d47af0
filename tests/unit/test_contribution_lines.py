"""Lines of the contribution from a night's sums, in memory: what the reserve costs, and the tax."""

from decimal import Decimal

import duckdb
import pytest

from tests.support.models import Models

MODELS = ("int_contribution__line", "int_contribution__fee_line")
TABLES = """
create table stg.int_contribution__month as
select date '2026-01-01' as month_start_date, 31 as elapsed_days, 0.1::decimal(9, 6) as reserve_ratio,
    0.0162::decimal(9, 6) as reserve_rate, 0.05::decimal(9, 6) as tax_rate;
create table stg.int_ftp__product as
select * from (values
    ('TERM', 'deposit', 'C1', 365), ('LEND', 'loan', 'C1', 360), ('FREE', 'deposit', '', 365)
) as t(product_code, asset_class_code, curve_id, day_count_basis);
create table stg.int_contribution__account_day (
    account_id varchar, product_code varchar, org_id varchar, customer_id varchar, source_code varchar,
    currency_code varchar, business_date date, month_start_date date, rate_millionths bigint,
    term_ftp_millionths bigint, balance_units hugeint, interest_units hugeint, ftp_units hugeint,
    is_rate_assumed boolean
);
create table stg.int_contribution__changed (register_code varchar, account_id varchar);
create table stg.int_contribution__held_day (
    register_code varchar, account_id varchar, org_id varchar, customer_id varchar, from_date date,
    month_start_date date, held_days bigint, open_days bigint
);
create table stg.int_contribution__transaction_month (
    register_code varchar, account_id varchar, org_id varchar, business_date date, month_start_date date
);
create table stg.int_contribution__bearing_org (org_id varchar, month_start_date date);
create table stg.int_contribution__contract (
    register_code varchar, account_id varchar, customer_id varchar, product_code varchar,
    currency_code varchar
);
create table stg.int_contribution__fee as
select 'C1' as customer_id, 'SMS' as product_code, 'O1' as org_id, date '2026-01-01' as month_start_date,
    fee::decimal(18, 2) as fee_income_amt, 0::decimal(18, 2) as direct_cost_amt
from (values (70.00), (0.10)) as t(fee);
"""
CENT_DAYS = 1_000_000_000 * 31
"""10,000,000.00 for 31 days."""


@pytest.fixture(scope="module")
def models() -> Models:
    connection = duckdb.connect()
    models = Models(connection, MODELS)
    connection.execute(TABLES)
    for account, product, source, currency, scale, rate, ftp in (
        ("A1", "TERM", "deposit", "CNY", 1, 15_000, 20_000),
        ("A2", "TERM", "deposit", "USD", 100_000_000, 15_000, 20_000),
        ("A3", "FREE", "deposit", "CNY", 1, 15_000, 0),
        ("L1", "LEND", "loan", "CNY", 1, 60_000, 30_000),
    ):
        units = CENT_DAYS * scale
        connection.execute(
            "insert into stg.int_contribution__account_day values"
            " (?, ?, 'O1', 'C1', ?, ?, date '2026-01-31', date '2026-01-01', ?, ?, ?::hugeint, ?::hugeint,"
            " ?::hugeint, false)",
            [account, product, source, currency, rate, ftp, str(units), str(units * rate), str(units * ftp)],
        )
    models.build(business_date="2026-01-31", previous_business_date="2026-01-30", reporting_currency="CNY")
    return models


def test_the_reserve_costs_what_it_earns_less_than_the_transfer_rate(models: Models) -> None:
    rows = models.connection.execute(
        "select account_id, reserve_cost_cents, deposit_nii_cents from intermediate.int_contribution__line"
    ).fetchall()

    # 10,000,000 × 10 % × (2 % − 1.62 %) × 31 / 365 = 322.74; without a curve there is no transfer rate
    assert {account: reserve for account, reserve, _ in rows} == {
        "A1": -32274, "A2": -32274, "A3": 0, "L1": 0
    }  # fmt: skip
    assert {nii for account, _, nii in rows if account in ("A1", "A2")} == {424658}


def test_the_tax_is_on_interest_received_and_fees(models: Models) -> None:
    lines = models.connection.execute(
        "select account_id, tax_cents from intermediate.int_contribution__line where tax_cents <> 0"
    ).fetchall()
    fees = models.connection.execute(
        "select tax_cents from intermediate.int_contribution__fee_line"
    ).fetchall()

    # 10,000,000 × 6 % × 31 / 360 × 5 % = 2583.33; 70.10 × 5 % = 3.505
    assert lines == [("L1", -258333)]
    assert fees == [(-351,)]
    assert Decimal(fees[0][0]) / 100 == Decimal("-3.51")
