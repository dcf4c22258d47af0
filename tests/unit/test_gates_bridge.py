"""Gate 2 shuts when the AUM bridge does not add up, and warns of what is not explained."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from expectations.check import FailingRows
from expectations.suites.bridge import PARTS, bridge_suites

DAY = date(2026, 2, 27)
_BRIDGE_COLUMNS = (
    "customer_id", "owning_org_id", "month_start_date", "opening_amt", *PARTS, "closing_amt",
    "net_new_money_amt", "nnm_indirect_amt",
)  # fmt: skip


def bank() -> duckdb.DuckDBPyConnection:
    """Two customers of two orgs in January and February: C1 brought 50.00 and 0.05 are not explained."""
    connection = duckdb.connect()
    connection.execute(
        """
        create schema monitoring; create schema customer_value;
        create schema intermediate; create schema pipeline;
        create table pipeline.tonight as
            select date '2026-02-27' as business_date, date '2026-02-26' as previous_business_date;
        create table intermediate.int_customer__survivor (customer_id varchar, survivor_id varchar);
        create table intermediate.int_customer__versions (
            customer_id varchar, golden_id varchar, known_from_date date, known_to_date date,
            customer_type_code varchar);
        create table pipeline.restated_merge (
            customer_id varchar, golden_id varchar, from_date date, to_date date);
        create table intermediate.int_fx__rate_by_day as
            select 'CNY' as currency_code, date '2026-02-27' as calendar_date,
                1.0::decimal(18, 8) as mid_rate;
        create table intermediate.int_account__transaction as
            select * from (values ('T1', 'C2', 30.00), ('T2', 'C1', -30.00), ('T3', null, 7.00))
                as t(txn_id, counter_customer_id, signed_ccy_amt)
            cross join (select 'CNY' as currency_code, 'bank_transfer' as flow_code, true as is_in_bank,
                date '2026-02-27' as business_date, date '2026-02-27' as told_date);
        """
    )
    types = {"_id": "varchar", "te": "date", "mt": "decimal(18, 2)"}
    columns = ", ".join(
        f"{name} {next(kind for end, kind in types.items() if name.endswith(end))}"
        for name in _BRIDGE_COLUMNS
    )
    connection.execute(f"create table monitoring.fct_aum_bridge_monthly ({columns})")
    rows = [
        ("C1", "O1", "2026-01-01", 100, 0, 0, 100),
        ("C1", "O1", "2026-02-01", 100, 50, "0.05", "150.05"),
        ("C2", "O2", "2026-01-01", 20, 0, 0, 20),
        ("C2", "O2", "2026-02-01", 20, 0, 0, 20),
    ]
    for customer, org, month, opening, new_money, unexplained, closing in rows:
        amounts = dict.fromkeys(PARTS, Decimal(0)) | {
            "new_money_in_amt": Decimal(new_money),
            "unexplained_amt": Decimal(unexplained),
        }
        indirect = amounts["new_money_in_amt"] + amounts["unexplained_amt"]
        connection.execute(
            f"insert into monitoring.fct_aum_bridge_monthly values ({', '.join('?' * len(_BRIDGE_COLUMNS))})",
            [
                customer,
                org,
                month,
                opening,
                *amounts.values(),
                closing,
                amounts["new_money_in_amt"],
                indirect,
            ],
        )
    sums = ", ".join(f"sum({name}) as {name}" for name in _BRIDGE_COLUMNS[3:])
    connection.execute(
        f"""
        create table monitoring.agg_aum_bridge_monthly as
            select owning_org_id as org_id, 'gold' as tier_code, month_start_date,
                count(*) as customer_cnt, {sums}
            from monitoring.fct_aum_bridge_monthly group by all;
        create table customer_value.fct_customer_aum_monthly as
            select customer_id, month_start_date, closing_amt as aum_end_amt
            from monitoring.fct_aum_bridge_monthly
            union all select 'C3', date '2026-02-01', 0.00 union all select 'C1', date '2025-12-01', 100.00;
        create table monitoring.fct_customer_assets as
            select customer_id, aum_end_amt as aum_amt from customer_value.fct_customer_aum_monthly
            where month_start_date = date '2026-02-01';
        """
    )
    return connection


def failing(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Checks of February that do not pass."""
    found = set()
    for suite in bridge_suites(DAY, [date(2026, 2, 1)]):
        for check in suite.checks:
            assert isinstance(check, FailingRows)
            row = connection.execute(check.query).fetchone()
            assert row is not None
            assert row[0] > 0, f"{check.check_code} of {check.table} looked at nothing"
            if row[1] > 0:
                found.add((check.table, check.check_code))
    return found


def test_a_bridge_that_adds_up_passes() -> None:
    assert failing(bank()) == set()


@pytest.mark.parametrize(
    ("spoil", "table", "code"),
    [
        ("fct_aum_bridge_monthly set fx_amt = 0.01", "fct_aum_bridge_monthly", "bridge_not_conserved"),
        ("fct_aum_bridge_monthly set nnm_indirect_amt = 0", "fct_aum_bridge_monthly", "bridge_not_conserved"),
        (
            "fct_aum_bridge_monthly set closing_amt = closing_amt + 1, scope_amt = 1"
            " where month_start_date = date '2026-02-01'",
            "fct_aum_bridge_monthly",
            "bridge_not_conserved",
        ),
        (
            "fct_aum_bridge_monthly set opening_amt = opening_amt + 1, scope_amt = -1"
            " where month_start_date = date '2026-02-01'",
            "fct_aum_bridge_monthly",
            "bridge_not_continued",
        ),
        (
            "fct_aum_bridge_monthly set closing_amt = closing_amt + 1, scope_amt = 1"
            " where month_start_date = date '2026-01-01'",
            "fct_aum_bridge_monthly",
            "bridge_not_continued",
        ),
        ("agg_aum_bridge_monthly set fee_amt = 0.01", "agg_aum_bridge_monthly", "bridge_not_conserved"),
        ("agg_aum_bridge_monthly set customer_cnt = 2", "agg_aum_bridge_monthly", "bridge_not_conserved"),
        # 0.11 of 20 are more than 0.5 %, and of the bank's 120 less
        (
            "agg_aum_bridge_monthly set unexplained_amt = -0.11 where org_id = 'O2'",
            "agg_aum_bridge_monthly",
            "bridge_unexplained",
        ),
        ("fct_customer_assets set aum_amt = 0", "fct_customer_assets", "assets_not_conserved"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_found(spoil: str, table: str, code: str) -> None:
    connection = bank()
    connection.execute(f"update monitoring.{spoil}")
    assert (table, code) in failing(connection)


def test_a_transfer_without_its_other_leg_is_found() -> None:
    connection = bank()
    connection.execute("delete from intermediate.int_account__transaction where txn_id = 'T2'")
    assert failing(connection) == {("transaction", "transfer_one_leg")}


def test_a_bank_without_transactions_is_not_told_that_nothing_is_explained() -> None:
    connection = bank()
    connection.execute("update monitoring.agg_aum_bridge_monthly set unexplained_amt = 15")
    connection.execute("delete from intermediate.int_account__transaction")
    silent = bridge_suites(DAY, [date(2026, 2, 1)])[1].checks[1]
    assert isinstance(silent, FailingRows)
    assert connection.execute(silent.query).fetchone() == (0, 0)


def test_a_leg_with_which_a_month_was_closed_is_of_the_night_that_brought_it() -> None:
    connection = bank()
    connection.execute(
        "update intermediate.int_account__transaction set business_date = date '2026-02-26'"
        " where txn_id = 'T1'"
    )
    assert failing(connection) == set()
