"""The marts of a generated bank against its answer key, which the generator reckons by its own arithmetic.

``make answer-key`` runs 50,000 customers × 18 months × 40 nights; the suite a smaller bank.
"""

import pytest

from tests.stories.conftest import CUSTOMERS
from tests.support.warehouse import Warehouse

MEASURES = {
    "fct_customer_aum_monthly": ["aum_end_amt", "balance_sum_amt", "aum_month_avg_amt"],
    "fct_customer_tier_monthly": [
        "tier_code",
        "status_code",
        "deciding_factor_code",
        "below_months",
        "lost_tier_code",
        "card_spend_12m_amt",
        "mortgage_balance_amt",
        "credit_loan_balance_amt",
        "has_diamond_card",
    ],
}


@pytest.mark.parametrize("table", MEASURES)
def test_every_customer_month_of_the_answer_key_is_published_and_no_other(
    generated_warehouse: Warehouse, table: str
):
    personal = "where is_personal" if table == "fct_customer_tier_monthly" else ""
    (counts,) = generated_warehouse.query(
        f"""
        select
            count(*) as both_cnt,
            count(*) filter (answer.customer_id is null) as only_published_cnt,
            count(*) filter (published.customer_id is null) as only_in_key_cnt
        from (from read_parquet(?) {personal}) as answer
        full outer join customer_value.{table} as published
            on answer.customer_id = published.customer_id
                and answer.month_start_date = published.month_start_date
        """,
        str(generated_warehouse.home / "answer_key" / "customer_month-*.parquet"),
    )

    assert counts["both_cnt"] > int(CUSTOMERS)
    assert (counts["only_published_cnt"], counts["only_in_key_cnt"]) == (0, 0)


@pytest.mark.parametrize(
    ("table", "measure"), [(table, measure) for table, names in MEASURES.items() for measure in names]
)
def test_the_measure_equals_the_answer_key_everywhere(
    generated_warehouse: Warehouse, table: str, measure: str
):
    differing = generated_warehouse.query(
        f"""
        select customer_id, month_start_date, answer.{measure} as answer, published.{measure} as published
        from read_parquet(?) as answer
        inner join customer_value.{table} as published using (customer_id, month_start_date)
        where answer.{measure} is distinct from published.{measure}
        order by all
        limit 10
        """,
        str(generated_warehouse.home / "answer_key" / "customer_month-*.parquet"),
    )

    assert differing == []


def test_every_sale_is_credited_as_the_answer_key_says(generated_warehouse: Warehouse):
    columns = (
        "trade_id, state_code, rule_code, reason_code, is_disputed, employee_id, actor_role_code, "
        "coalesce(credit_ratio, 0) as credit_ratio, coalesce(credit_amt, 0) as credit_amt, "
        "coalesce(credit_fee_income_amt, 0) as credit_fee_income_amt"
    )
    differing = generated_warehouse.query(
        f"""
        with live as (
            select entry.* from sales.fct_sales_credit as entry
            anti join sales.fct_sales_credit as reversal on entry.entry_id = reversal.reverses_entry_id
            where entry.entry_type_code = 'credit'
        ),
        published as (
            select {columns.replace("rule_code", "trade.rule_code")}
            from sales.fct_trade_attribution as trade
            left join live using (trade_id)
        ),
        answer as (select {columns} from read_parquet(?))
        select 'answer' as side, * from (from answer except from published)
        union all
        select 'published' as side, * from (from published except from answer)
        order by trade_id, side
        limit 10
        """,
        str(generated_warehouse.home / "answer_key" / "sales.parquet"),
    )

    assert differing == []
    assert generated_warehouse.query("select 1 from sales.fct_sales_credit limit 1")
