"""From which day on the first month of contributions is recorded, on the model in memory."""

from datetime import date

import duckdb
import pytest

from tests.support.models import Models

MODEL = "int_contribution__recorded_from"
FIRST_NIGHT, MONTH = date(2026, 1, 26), date(2026, 1, 1)
LONG_AGO, IN_MONTH = date(2020, 5, 1), date(2026, 1, 9)


@pytest.mark.parametrize(
    ("loans", "told", "expected"),
    [
        ({}, [], MONTH),
        ({"L1": LONG_AGO}, [], FIRST_NIGHT),
        ({"L1": LONG_AGO, "L2": LONG_AGO}, ["L1", "L2"], MONTH),
        # of two loans only one is told of: the other would bear the interest of six days and the loss of 31
        ({"L1": LONG_AGO, "L2": LONG_AGO}, ["L1"], FIRST_NIGHT),
        # lent in the month: nothing before it could be told of
        ({"L1": LONG_AGO, "L2": IN_MONTH}, ["L1"], MONTH),
    ],
)
def test_loans_are_recorded_where_the_history_tells_of_all_that_are_older_than_the_month(
    loans: dict[str, date], told: list[str], expected: date
) -> None:
    connection = duckdb.connect()
    models = Models(connection, [MODEL])
    connection.execute(
        """
        create table stg.stg_core_banking__fee_incomes as select date '2026-01-01' as income_date;
        create table stg.stg_core_banking__calendar_days as
        select date '2026-01-02' as calendar_date, true as is_business_day;
        create table stg.stg_core_banking__loans (loan_id varchar, start_date date);
        create table stg.stg_core_banking__loan_balances (loan_id varchar, balance_ccy_amt decimal(18, 2));
        create table stg.stg_core_banking__monthly_loans (loan_id varchar, month_start_date date);
        """
    )
    for loan_id, start in loans.items():
        connection.execute("insert into stg.stg_core_banking__loans values (?, ?)", [loan_id, start])
        connection.execute("insert into stg.stg_core_banking__loan_balances values (?, 300)", [loan_id])
    for loan_id in told:
        connection.execute("insert into stg.stg_core_banking__monthly_loans values (?, ?)", [loan_id, MONTH])

    models.build(business_date=str(FIRST_NIGHT), previous_business_date="")

    found = connection.execute(f"select recorded_from_date from {models.relation(MODEL)}").fetchall()
    assert found == [(expected,)]
