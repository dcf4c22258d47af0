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


LEDGER = "contribution.fct_account_contribution_monthly"
BALANCE_PARTS = ("average_balance_amt", "deposit_nii_amt", "loan_nii_amt", "expected_loss_amt")
FEE_PARTS = ("fee_income_amt", "direct_cost_amt")


def key_path(warehouse: Warehouse, name: str) -> str:
    return str(warehouse.home / "answer_key" / f"{name}-*.parquet")


def test_every_account_loan_and_card_earns_what_the_answer_key_says(generated_warehouse: Warehouse):
    """By customer, product and org, since account numbers are published as keyed hashes.

    In months that begin after the first night.
    """
    sums = ", ".join(f"sum({part}) as {part}" for part in BALANCE_PARTS)
    differs = " or ".join(f"coalesce(answer.{part}, 0) <> published.{part}" for part in BALANCE_PARTS)
    grain = "customer_id, product_code, org_id, month_start_date"
    differing = generated_warehouse.query(
        f"""
        with answer as (
            select {grain}, {sums}
            from read_parquet(?) where not starts_with(account_id, 'FEE:')
            group by all
        ),
        published as (
            select {grain}, {sums}
            from {LEDGER}
            where source_code <> 'fee' and month_start_date in (select month_start_date from answer)
            group by all
        )
        select * from published
        full outer join answer using ({grain})
        where published.average_balance_amt is null or {differs}
        order by all limit 10
        """,
        key_path(generated_warehouse, "income"),
    )

    assert differing == []


def test_every_fee_is_in_the_ledger_as_in_the_answer_key(generated_warehouse: Warehouse):
    sums = ", ".join(f"sum({part}) as {part}" for part in FEE_PARTS)
    rows = f"select customer_id, product_code, month_start_date, {sums}"
    differing = generated_warehouse.query(
        f"""
        with published as ({rows} from {LEDGER} where source_code = 'fee' group by all),
        answer as ({rows} from read_parquet(?) where starts_with(account_id, 'FEE:') group by all)
        (from answer except from published) union all (from published except from answer)
        order by all limit 10
        """,
        key_path(generated_warehouse, "income"),
    )

    assert differing == []


def test_the_banks_totals_by_component_and_product_line_are_the_answer_keys(generated_warehouse: Warehouse):
    """To the cent."""
    parts = (*BALANCE_PARTS[1:], *FEE_PARTS)
    pairs = ", ".join(f"sum(published.{part}) - sum(answer.{part}) as {part}" for part in parts)
    totals = ", ".join(f"sum({part}) as {part}" for part in parts)
    rows = generated_warehouse.query(
        f"""
        with key as (select * from read_parquet(?)),
        products as (
            select distinct product_code, product_line_code from contribution.agg_product_contribution_monthly
        ),
        answer as (
            select month_start_date, product_line_code, {totals}
            from key inner join products using (product_code)
            where month_start_date > (select min(month_start_date) from key)
            group by all
        ),
        published as (
            select month_start_date, product_line_code, {totals}
            from contribution.agg_product_contribution_monthly
            group by all
        )
        select month_start_date, product_line_code, {pairs},
            sum(answer.fee_income_amt + answer.deposit_nii_amt + answer.loan_nii_amt) as earned_amt
        from answer left join published using (month_start_date, product_line_code)
        group by all order by all
        """,
        key_path(generated_warehouse, "income"),
    )

    assert {row["product_line_code"] for row in rows} >= {"savings", "mortgage", "consumer", "card", "fund"}
    assert all(row["earned_amt"] for row in rows)
    for row in rows:
        assert all(row[part] == 0 for part in parts), row


def test_costs_of_a_month_are_all_spread(generated_warehouse: Warehouse):
    """Each pool that was delivered for a month of the ledger, to the cent."""
    told = generated_warehouse.query(
        f"""
        select cost_month as month_start_date, -sum(cast(amount as decimal(18, 2))) as allocated_cost_amt
        from read_csv(?, all_varchar = true, header = true)
        where cost_month >= (select cast(min(month_start_date) as varchar) from {LEDGER})
        group by all order by all
        """,
        str(generated_warehouse.home / "landing" / "*" / "*" / "cost_pool-*.csv"),
    )
    spread = generated_warehouse.query(
        f"select month_start_date, sum(allocated_cost_amt) as allocated_cost_amt from {LEDGER} "
        "group by all having sum(allocated_cost_amt) <> 0 order by all"
    )

    assert told
    assert [(str(row["month_start_date"]), row["allocated_cost_amt"]) for row in spread] == [
        (row["month_start_date"], row["allocated_cost_amt"]) for row in told
    ]
