"""The statement of a customer counts the months that its averages are of."""

from dataclasses import fields
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.console import out
from orchestration.explain.statement import Change, Line, Total, read_statement
from orchestration.explain.statement_page import print_statement
from orchestration.settings import Settings
from tests.unit.test_dagster_sensors import FRIDAY, process

TYPES = {
    "month_start_date": "date", "months_12m_cnt": "integer", "is_cost_centre": "boolean",
    "is_provisional": "boolean", "contribution_status_code": "varchar",
}  # fmt: skip

COSTS = """
create table contribution.fct_cost_allocation_monthly (
    account_id varchar, product_code varchar, org_id varchar, cost_pool_id varchar, pool_org_id varchar,
    driver_code varchar, driver_count decimal(18, 2), driver_total decimal(18, 2), cost_amt decimal(18, 2),
    month_start_date date, cost_month_date date, bearing_org_id varchar
);
create table contribution.fct_cost_pool_monthly (
    cost_pool_id varchar, org_id varchar, counted_amt decimal(18, 2), month_start_date date,
    cost_month_date date, bearing_org_id varchar
)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One customer whose first month is the last one, one with months in a gap, one of five months."""
    settings = Settings.load(tmp_path)
    process(settings, (FRIDAY, 1))
    months = {
        "new": [date(2026, 1, 1)],
        "back": [date(2025, 10, 1), date(2025, 11, 1), date(2026, 1, 1)],
        "old": [date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)],
    }
    with duckdb.connect(str(settings.published / f"{FRIDAY}.1" / "acrm.duckdb")) as database:
        database.execute("create schema contribution; create schema rules; create schema quality")
        database.execute(
            "create table quality.data_as_of as select 'r' as release, date '2026-01-30' as business_date,"
            " 'CNY' as reporting_currency"
        )
        database.execute(
            "create table rules.contribution_rules (hurdle_rate decimal(9, 6), valid_from_month date,"
            " valid_to_month date)"
        )
        for table, row in (
            ("fct_customer_contribution_monthly", Total),
            ("fct_account_contribution_monthly", Line),
            ("rpt_contribution_change", Change),
        ):
            columns = {"month_start_date": "date"} | {
                field.name: TYPES.get(field.name, "decimal(18, 2) default 0") for field in fields(row)
            }
            listed = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
            database.execute(f"create table contribution.{table} (customer_id varchar, {listed})")
        database.execute(COSTS)
        for customer, of_customer in months.items():
            for number, month in enumerate(of_customer, start=1):
                database.execute(
                    "insert into contribution.fct_customer_contribution_monthly by name select"
                    " ? as customer_id, ? as month_start_date,"
                    " 12 as contribution_avg_3m_amt, 12 as contribution_avg_12m_amt, ? as months_12m_cnt,"
                    " 'A' as contribution_status_code, false as is_cost_centre, true as is_provisional",
                    [customer, month, number],
                )
    return settings


@pytest.mark.parametrize(
    ("customer", "told"),
    [
        ("new", "12.00 a month on average of 1 month, 12.00 of 1 month."),
        # November and January; December has no row
        ("back", "12.00 a month on average of 2 months, 12.00 of 3 months."),
        ("old", "12.00 a month on average of 3 months, 12.00 of 5 months."),
    ],
)
def test_averages_name_the_months_that_they_are_of(
    settings: Settings, capsys: pytest.CaptureFixture[str], customer: str, told: str
) -> None:
    print_statement(out, read_statement(settings, customer))
    assert told in " ".join(capsys.readouterr().out.split())
