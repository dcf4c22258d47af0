"""Of the dashboard of customers and products."""

from tests.bi.expected.shared import AS_OF, NEWEST, Expected, code, org, staff, tier

_SEGMENTED = """from customer.dim_customer_360 where lifecycle_code is not null and not is_closed"""
_LINE = code("product_line_code", "product_line_code")
_HELD = f"from customer.rpt_product_penetration_monthly where {NEWEST}"

_ACTIVITY = f"""case activity_code when 'sleeping' then 1 when 'dormant' then 2 when 'low' then 3
    when 'medium' then 4 when 'high' then 5 end || ' ' || {code("activity_code", "activity_code")}"""
_LIFECYCLE = f"""case lifecycle_code when 'new' then 1 when 'growth' then 2 when 'mature' then 3
    when 'senior' then 4 end || ' ' || {code("lifecycle_code", "lifecycle_code")}"""


def _level(column: str) -> str:
    order = f"case {column} when 'low' then 1 when 'middle' then 2 when 'high' then 3 end"
    return f"{order} || ' ' || {code(column, column)}"


PRODUCTS = {
    "数据截止 Data as of": AS_OF,
    "活跃客户 Active customers": Expected(
        f"select sum(active_customer_cnt) from customer.rpt_customer_kpi_monthly where {NEWEST}", ("active",)
    ),
    "交叉销售率 Lines per active customer": Expected(
        f"""select sum(held) / sum(active) from (
            select tier_code, sum(active_holder_cnt) as held, max(active_customer_cnt) as active {_HELD}
            group by tier_code)""",
        ("ratio",),
    ),
    "重点客户 Key customers": Expected(
        "select count(*) from customer.dim_customer_360 where is_key_customer", ("customers",)
    ),
    "生命周期×活跃度（人） Lifecycle by activity, persons": Expected(
        f"""select {_ACTIVITY}, {_LIFECYCLE}, count(*)
        {_SEGMENTED} group by all""",
        ("activity_name", "lifecycle_name", "customers"),
    ),
    "价值×潜力（人） Value by potential, persons": Expected(
        f"""select {_level("potential_code")}, {_level("value_code")}, count(*)
        {_SEGMENTED} group by all""",
        ("potential_name", "value_name", "customers"),
    ),
    "RFM 分群（人） RFM groups, persons": Expected(
        f"""select {code("rfm_code", "rfm_code")}, 'customers', count(*) {_SEGMENTED} group by all"""
    ),
    "产品线渗透率（各等级） Penetration by product line and tier": Expected(
        f"""select {tier("tier_code")}, {_LINE}, holder_cnt / active_customer_cnt
        {_HELD} and active_customer_cnt > 0
        union all
        select {tier("tier_code")}, {_LINE}, null {_HELD} and active_customer_cnt = 0""",
        ("tier_name", "product_line_name", "penetration"),
    ),
    "产品线持有与流失 Holders, won and lost": Expected(
        f"""select {_LINE}, sum(holder_cnt + lost_holder_cnt - new_holder_cnt - won_back_cnt),
            sum(new_holder_cnt), sum(won_back_cnt), sum(lost_holder_cnt),
            (select count(distinct customer_id) from customer.fct_customer_holding as now
            where now.product_line_code = moved.product_line_code),
            coalesce((select sum(balance_amt) from customer.fct_customer_holding as now
            where now.product_line_code = moved.product_line_code), 0) / 10000
        from customer.rpt_product_penetration_monthly as moved where {NEWEST} group by product_line_code""",
        ("product_line_name", "opening", "new", "won_back", "lost", "holders", "balance"),
    ),
    "各等级交叉销售率 Product lines per active customer by tier": Expected(
        f"""select {tier("tier_code")}, 'ratio', sum(active_holder_cnt) / max(active_customer_cnt) {_HELD}
        group by tier_code having max(active_customer_cnt) > 0"""
    ),
    "各网点持有产品线数（客户） Customers by product lines held": Expected(
        f"""select {org("org_id")}, 'lines_' || lines, sum(customers)
        from (unpivot (
            select org_id, line_0_customer_cnt as "0", line_1_customer_cnt as "1", line_2_customer_cnt as "2",
                line_3_customer_cnt as "3", active_customer_cnt - line_0_customer_cnt - line_1_customer_cnt
                    - line_2_customer_cnt - line_3_customer_cnt as "4_plus"
            from customer.rpt_cross_sell_monthly where {NEWEST})
        on columns(* exclude (org_id)) into name lines value customers)
        group by all"""
    ),
    "产品线×网点余额（万元） Balance by product line and branch": Expected(
        f"""select {_LINE}, {org("org_id")}, sum(balance_amt) / 10000
        from customer.rpt_line_org_matrix_monthly where {NEWEST} group by all""",
        ("product_line_name", "org_name", "balance"),
    ),
    "网点客户指标 Customer figures by branch": Expected(
        f"""select {org("org_id")}, closing_customer_cnt + lost_customer_cnt + moved_out_customer_cnt
                - new_customer_cnt - moved_in_customer_cnt,
            new_customer_cnt, lost_customer_cnt,
            (select count(*) from customer.dim_customer_360 as now
            where not is_closed and now.owning_org_id = kpi.org_id),
            (select sum(contribution_12m_amt) from customer.dim_customer_360 as now
            where not is_closed and now.owning_org_id = kpi.org_id) / 10000
        from customer.rpt_customer_kpi_monthly as kpi where {NEWEST}""",
        ("org_name", "opening", "new", "lost", "closing", "contribution"),
    ),
    "收入结构（万元） Income by branch, 10,000 yuan": Expected(
        f"""select {org("org_id")}, part, sum(amount) / 10000
        from (unpivot (
            select org_id, deposit_nii_amt as deposits, loan_nii_amt as loans, fee_income_amt as fees
            from contribution.fct_account_contribution_monthly where {NEWEST})
        on columns(* exclude (org_id)) into name part value amount)
        group by all"""
    ),
    "到期日历（万元） Falling due by week, 10,000 yuan": Expected(
        f"""select strftime(due_week_date, '%Y-%m-%d'), {_LINE}, sum(due_amt) / 10000
        from customer.rpt_maturity_calendar group by all"""
    ),
    "重点客户清单 Key customers": Expected(
        f"""select customer_id, {org("held.owning_org_id")}, {staff("employee_id")}, employee_id,
            {tier("tier_code")}, below_months, assessment_aum_amt / 10000
        from customer.dim_customer_360
        inner join customer_value.fct_customer_tier_monthly as held
            using (customer_id, tier_code, below_months)
        where is_key_customer and held.{NEWEST}
        order by round(assessment_aum_amt / 10000, 2) desc, customer_id""",
        (
            "customer_id",
            "org_name",
            "employee_name",
            "employee_id",
            "tier_name",
            "below_months",
            "aum_wan",
        ),
        limit=50,
    ),
}
