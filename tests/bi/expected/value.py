"""Of the dashboards of customers, sales, contribution and data quality."""

from tests.bi.expected.shared import AS_OF, NEWEST, Expected, code, month, org, product, staff

_TIER = """(select tier_code, max(tier_rank) || ' ' || max(tier_name_zh) as tier_name
    from rules.tier_rules group by all)"""

_LOSS_MONTH = """(select strftime(loss_month_date, '%Y-%m') from customer_value.fct_tier_reason as reason
    where reason.customer_id = listed.customer_id and reason.month_start_date = listed.month_start_date
        and listed.status_code = 'attention')"""
_TOP_UP = """(select top_up_amt from workbench.feed_lost_warning as warned
    where warned.customer_id = listed.customer_id and listed.status_code = 'attention'
        and listed.month_start_date = date_trunc('month', warned.business_date))"""

CUSTOMERS = {
    "数据截止 Data as of": AS_OF,
    "客户数 Customers": Expected(
        f"select sum(closing_cnt) from customer_value.rpt_tier_migration_monthly where {NEWEST}",
        ("customers",),
    ),
    "考核资产（万元） AUM judged, 10,000 yuan": Expected(
        f"select sum(aum_amt) / 10000 from customer_value.rpt_tier_migration_monthly where {NEWEST}",
        ("aum_wan",),
    ),
    "各网点客户等级 Tiers by branch": Expected(
        f"""select {org("org_id")}, tier_name, sum(closing_cnt) from customer_value.rpt_tier_migration_monthly
        inner join {_TIER} on to_tier_code = tier_code where {NEWEST} group by all"""
    ),
    "时点资产趋势（万元） Trend of AUM at the end, 10,000 yuan": Expected(
        f"""select {month("month_start_date")}, '存款 Deposits', sum(deposit_end_amt) / 10000
        from customer_value.fct_customer_aum_monthly group by all
        union all
        select {month("month_start_date")}, '投资 Investments', sum(investment_end_amt) / 10000
        from customer_value.fct_customer_aum_monthly group by all"""
    ),
    "等级迁徙：上月（行）到本月（列） Migration: last month (rows) to this": Expected(
        f"""select coalesce(former.tier_name, 'N 新客户'), coalesce(tier.tier_name, 'X 已销户'),
            sum(customer_cnt)
        from customer_value.rpt_tier_migration_monthly
        left join {_TIER} as former on from_tier_code = former.tier_code
        left join {_TIER} as tier on to_tier_code = tier.tier_code
        where {NEWEST} group by all having sum(customer_cnt) > 0""",
        ("from_tier_name", "to_tier_name", "customers"),
    ),
    "各网点关注及流失 Attention and lost by branch": Expected(
        f"""select {org("org_id")}, if(status_code = 'lost', '流失 Lost', '关注 Attention'), sum(customer_cnt)
        from customer_value.rpt_attention_lost_by_manager where {NEWEST} group by all"""
    ),
    "关注及流失客户 Attention and lost customers": Expected(
        f"""select {org("org_id")}, coalesce({staff("employee_id")}, '待分配 Unassigned'), employee_id,
            customer_id, below_months,
            aum_amt / 10000, missing_amt / 10000, {_LOSS_MONTH}, {_TOP_UP}
        from customer_value.rpt_attention_lost_customer as listed where {NEWEST}
        order by missing_amt desc, customer_id""",
        (
            "org_name",
            "employee_name",
            "employee_id",
            "customer_id",
            "below_months",
            "aum_wan",
            "missing_wan",
            "loss_month",
            "top_up_amt",
        ),
        limit=50,
    ),
}


SALES = {
    "数据截止 Data as of": AS_OF,
    "网点业绩（万元） Sales by branch, 10,000 yuan": Expected(
        f"""select {org("org_id")}, 'credit', sum(credit_amt) / 10000 from sales.agg_sales_performance_daily
        where calendar_date >= (select date_trunc('year', business_date) from data_as_of) group by all"""
    ),
    "产品业绩 Sales by product": Expected(
        f"""select {code("sales_product_code", "sale.sales_product_code")},
            sum(sales_cnt), sum(credit_amt) / 10000, sum(credit_fee_income_amt) / 10000
        from sales.agg_sales_performance_daily as sale
        where calendar_date >= (select date_trunc('year', business_date) from data_as_of)
        group by sale.sales_product_code""",
        ("product_name", "trades", "credit", "fees"),
    ),
    "客户经理排行 Ranking of managers": Expected(
        f"""select employee_id, {staff("employee_id")}, sum(sales_cnt), sum(credit_amt) / 10000,
            sum(credit_fee_income_amt)
        from sales.agg_sales_performance_daily
        where calendar_date >= (select date_trunc('year', business_date) from data_as_of)
        group by employee_id order by sum(credit_amt) desc, employee_id""",
        ("subject_id", "subject_name", "sales_cnt", "credit_wan", "credit_fee_income_amt"),
        limit=30,
    ),
}

_LINES = f"""select product_line_code, sum(contribution_amt) / 10000 as contribution
from contribution.agg_product_contribution_monthly where {NEWEST} group by all"""

CONTRIBUTION = {
    "数据截止 Data as of": AS_OF,
    "贡献度（万元） Contribution, 10,000 yuan": Expected(
        f"""select sum(contribution_amt) / 10000
        from contribution.agg_tier_contribution_monthly where {NEWEST}""",
        ("contribution",),
    ),
    "产品线贡献度（万元） By product line": Expected(
        f"""select {code("product_line_code", "product_line_code")}, 'contribution', contribution
        from ({_LINES})"""
    ),
    "产品贡献度 By product": Expected(
        f"""select {code("product_line_code", "product_line_code")}, {product("product_code")},
            average_balance_amt / 10000,
            (deposit_nii_amt + loan_nii_amt) / 10000, fee_income_amt / 10000,
            (direct_cost_amt + allocated_cost_amt) / 10000, expected_loss_amt / 10000,
            contribution_amt / 10000
        from contribution.agg_product_contribution_monthly where {NEWEST}""",
        ("product_line_name", "product_name", "balance", "nii", "fees", "costs", "losses", "contribution"),
    ),
    "网点×产品线（万元） Branch by product line": Expected(
        f"""select {org("ledger.org_id")}, {code("product_line_code", "product.product_line_code")},
            sum(ledger.contribution_amt) / 10000
        from contribution.fct_account_contribution_monthly as ledger
        inner join contribution.agg_product_contribution_monthly as product
            using (product_code, month_start_date)
        where {NEWEST} group by all""",
        ("org_name", "product_line_name", "contribution"),
    ),
    "账户明细 Accounts": Expected(
        f"""select {product("product_code")}, {org("org_id")}, customer_id, account_id,
            average_balance_amt, contribution_amt
        from contribution.fct_account_contribution_monthly where {NEWEST}
        order by contribution_amt desc, account_id, product_code""",
        ("product_name", "org_name", "customer_id", "account_id", "average_balance_amt", "contribution_amt"),
        limit=50,
    ),
}

_TONIGHT = "business_date = (select business_date from data_as_of)"

QUALITY = {
    "数据截止 Data as of": AS_OF,
    "当晚未通过 Not passed tonight": Expected(
        f"select count(*) from quality.fct_check_result where not is_passed and {_TONIGHT}", ("not_passed",)
    ),
    "当晚检查数 Checks tonight": Expected(
        f"select count(*) from quality.fct_check_result where {_TONIGHT}", ("checks",)
    ),
    "每晚检查 Checks by night": Expected(
        """select strftime(business_date, '%m-%d'), if(is_passed, '通过 Passed', '未通过 Not passed'),
            count(*)
        from quality.fct_check_result group by all"""
    ),
    "当晚各表检查 Checks by table, tonight": Expected(
        f"""select table_name, count(*), count(*) - sum(is_passed::int), sum(checked_cnt), sum(failing_cnt)
        from quality.fct_check_result where {_TONIGHT} group by gate_code, table_name""",
        ("table_name", "checks", "not_passed", "checked", "failing"),
    ),
    "未通过清单 Checks that did not pass": Expected(
        f"""select strftime(business_date, '%Y-%m-%d'), {code("severity_code", "severity_code")}, table_name,
            {code("check_code", "check_code")}, failing_cnt, message
        from quality.fct_check_result where not is_passed""",
        ("business_date", "severity_name", "table_name", "check_name", "failing_cnt", "message"),
    ),
    "重述 Closed months that changed": Expected(
        """select strftime(month_start_date, '%Y-%m'), strftime(caused_by_business_date, '%Y-%m-%d'),
            customers_changed, aum_change_amt / 10000 from quality.fct_restatement""",
        ("month_name", "caused_by", "customers_changed", "aum_change_wan"),
    ),
}
