"""Who leads: by amount or by count, as the sales product's rule says."""

import duckdb
import pytest

from tests.support.models import PROJECT, Models

_RULES = PROJECT / "seeds" / "rules" / "sales_product_rules.csv"
_GIVEN = f"""
create table stg.int_calendar__open_months as
    select date '2026-10-01' as month_start_date, date '2026-10-20' as through_date, true as is_provisional;
create table stg.agg_sales_performance_daily as
    select date '2026-10-10' as calendar_date, employee_id, 'O1' as org_id, sales_product_code,
        cast(sales_cnt as decimal(18, 5)) as sales_cnt, cast(credit_amt as decimal(18, 2)) as credit_amt,
        cast(0 as decimal(18, 2)) as credit_fee_income_amt
    from (values
        ('A', 'mobile_bank', 3, 0), ('B', 'mobile_bank', 1, 0), ('C', 'mobile_bank', 2.5, 0),
        ('C', 'mobile_bank', 0.5, 0), ('A', 'insurance', 5, 100), ('B', 'insurance', 1, 200),
        ('C', 'insurance', 1, 200)
    ) as sold(employee_id, sales_product_code, sales_cnt, credit_amt);
create table stg.int_employee__org as
    select unnest(['A', 'B', 'C']) as employee_id, 'O1' as org_id, date '9999-12-31' as to_date;
create table stg.dim_org_rollup as
    select 'O1' as org_id, 'O1' as rollup_org_id, 0 as distance, 'current' as view_code;
create table stg.int_org__versions as
    select 'O1' as org_id, 'outlet' as org_level_code, cast(null as date) as known_to_date;
create table stg.sales_product_rules as
    select sales_product_code, measure_code, cast(valid_from_date as date) as valid_from_date,
        cast(valid_to_date as date) as valid_to_date
    from read_csv('{_RULES}', all_varchar = true);
"""


@pytest.fixture(scope="module")
def ranks() -> dict[str, list[tuple[str, str, int, int]]]:
    """Employee, measure, rank and rank in the org of the month, by sales product."""
    connection = duckdb.connect()
    models = Models(connection, ["rpt_sales_ranking"])
    connection.execute(_GIVEN)
    models.build(business_date="2026-10-20", previous_business_date="2026-10-19")
    found: dict[str, list[tuple[str, str, int, int]]] = {}
    for product, *row in connection.execute(
        "select sales_product_code, employee_id, measure_code, rank_number, rank_in_org_number"
        " from sales.rpt_sales_ranking where subject_code = 'employee' and period_code = 'month' order by all"
    ).fetchall():
        found.setdefault(product, []).append((row[0], row[1], row[2], row[3]))
    return found


def test_sign_ups_channels_and_cards_rank_by_count_and_ties_share_a_rank(ranks):
    """A and C signed up three each, C in two halves of a sale."""
    assert ranks["mobile_bank"] == [("A", "count", 1, 1), ("B", "count", 3, 3), ("C", "count", 1, 1)]


def test_money_ranks_by_amount_and_so_does_the_sum_of_all(ranks):
    expected = [("A", "amount", 3, 3), ("B", "amount", 1, 1), ("C", "amount", 1, 1)]
    assert ranks["insurance"] == expected
    assert ranks["all"] == expected


def test_what_has_no_amount_worth_adding_is_ranked_by_count():
    rules = duckdb.execute(
        f"select sales_product_code from read_csv('{_RULES}',"
        " all_varchar = true) where measure_code = 'count'"
    ).fetchall()
    assert {product for (product,) in rules} == {
        "cts_signup", "internet_bank", "mobile_bank", "sms_service", "phone_bank",
        "wealth_card", "private_bank_card", "licai_card", "credit_card",
    }  # fmt: skip
