"""Of the dashboard of corporate customers."""

from tests.bi.expected.shared import AS_OF, NEWEST, Expected, code, org

_NOW = "valid_from_date <= business_date and coalesce(valid_to_date > business_date, true)"
_MEMBERS = f"""(select *, count(*) over (partition by ultimate_parent_customer_id) as members
    from corporate.fct_group_member, quality.data_as_of where {_NOW})"""
_STAGE = """stage_order || ' ' || (select max(stage_name_zh) from rules.opportunity_stages as named
    where named.stage_code = moved.stage_code) || ' ' || moved.stage_code"""
_AMOUNT = """if((select max(unit_code) from rules.plan_indicators as named
    where named.indicator_code = plan.indicator_code) = 'amount', 10000, 1)"""
_INDICATOR = f"""{code("indicator_code", "indicator_code")} || if({_AMOUNT} = 10000, '（万元）', '')"""
_YEAR = "scope_type = 'bank' and length(period) = 4 and is_current_version"

CORPORATE = {
    "数据截止 Data as of": AS_OF,
    "对公客户 Corporate customers": Expected(
        f"select count(*) from corporate.fct_corporate_segment_monthly where {NEWEST}", ("customers",)
    ),
    "对公存款（万元） Deposits, 10,000 yuan": Expected(
        f"select sum(deposit_end_amt) / 10000 from corporate.fct_corporate_segment_monthly where {NEWEST}",
        ("deposits",),
    ),
    "潜在客户 Prospects": Expected(
        "select count(distinct counterparty_key) from corporate.rpt_prospect", ("prospects",)
    ),
    "集团树 Group tree": Expected(
        f"""with shown as (
            select ultimate_parent_customer_id as parent from {_MEMBERS} where members > 1
            group by all order by count(*) desc, parent limit 8)
        select 'bank', null
        union all
        select customer_id, coalesce(parent_customer_id, 'bank') from {_MEMBERS}
        where ultimate_parent_customer_id in (select parent from shown)""",
        ("node_id", "parent_id"),
    ),
    "集团汇总 Groups": Expected(
        f"""select ultimate_parent_customer_id, count(*), sum(deposit_end_amt) / 10000, sum(loan_amt) / 10000
        from {_MEMBERS}
        inner join corporate.dim_corporate_360 using (customer_id, ultimate_parent_customer_id)
        where members > 1
        group by ultimate_parent_customer_id
        order by round(sum(loan_amt) / 10000, 2) desc, round(sum(deposit_end_amt) / 10000, 2) desc, 1""",
        ("group_id", "member_cnt", "deposit_wan", "loan_wan"),
        limit=30,
    ),
    "潜在客户资料库 Prospects": Expected(
        f"""select counter_name, {org("org_id")}, score, in_amt / 10000, out_amt / 10000,
            partner_1_customer_id
        from corporate.rpt_prospect order by score desc, counterparty_key""",
        ("counter_name", "org_name", "score", "in_wan", "out_wan", "partner_1_customer_id"),
        limit=50,
    ),
    "商机漏斗 Opportunities by stage reached": Expected(
        f"""select {_STAGE}, count(*) from corporate.fct_opportunity_stage as moved
        inner join corporate.fct_opportunity using (opportunity_id)
        where moved.stage_code <> 'lost' group by all""",
        ("stage_name", "opportunities"),
    ),
    "商机流转 How opportunities moved": Expected(
        f"""select {_STAGE}, sum(opened_cnt), sum(won_cnt), sum(lost_cnt),
            (select count(*) from corporate.fct_opportunity as open
            where outcome_code = 'open' and open.stage_code = moved.stage_code),
            (select coalesce(sum(amount_amt), 0) from corporate.fct_opportunity as open
            where outcome_code = 'open' and open.stage_code = moved.stage_code) / 10000
        from corporate.rpt_funnel_monthly as moved where {NEWEST} group by stage_order, stage_code""",
        ("stage_name", "opened", "won", "lost", "closing", "closing_wan"),
    ),
    "商机预测（万元） What open opportunities will bring": Expected(
        """select strftime(forecast_month_date, '%Y-%m'), way, sum(expected) / 10000
        from (unpivot (
            select forecast_month_date, amount_amt as amount, expected_stated_amt as stated,
                expected_historical_amt as historical
            from corporate.rpt_pipeline_forecast where is_provisional and opportunity_cnt > 0)
        on columns(* exclude (forecast_month_date)) into name way value expected)
        group by all"""
    ),
    "全行计划完成率与预测 The bank's plan: attained and forecast": Expected(
        f"""select {_INDICATOR}, 'attained', actual / nullif(greatest(target, 0), 0)
        from corporate.fct_plan_actual as plan where {_YEAR} and {NEWEST}
        union all
        select {_INDICATOR}, 'elapsed',
            (as_of_date - period_start_date + 1) / (period_end_date - period_start_date + 1)
        from corporate.fct_plan_actual as plan where {_YEAR} and {NEWEST}
        union all
        select {_INDICATOR}, 'forecast_attained',
            coalesce(pipeline_forecast, run_rate_forecast) / nullif(greatest(target, 0), 0)
        from corporate.fct_plan_actual as plan where {_YEAR} and {NEWEST}"""
    ),
    "全行计划 The bank's plan": Expected(
        f"""select {_INDICATOR}, period, sum(part_target) / {_AMOUNT}, sum(part_actual) / {_AMOUNT}
        from corporate.rpt_plan_variance as plan
        where scope_type = 'bank' and split_code = 'org' and length(period) = 4
        group by indicator_code, period""",
        ("indicator_name", "period", "target", "actual"),
    ),
    "机构计划 Plans of orgs": Expected(
        f"""select {org("scope_id")}, {_INDICATOR}, period, target / {_AMOUNT}
        from corporate.rpt_plan_breakdown as plan
        where scope_type = 'org' and length(period) = 4 order by 1, 3, 2""",
        ("scope_name", "indicator_name", "period", "target"),
        limit=100,
    ),
    "客户经理评分 Scores of managers": Expected(
        f"""select scope_id, sum(score * weight_share) / sum(weight_share), sum(weight_share)
        from corporate.rpt_scorecard_monthly
        where scope_type = 'employee' and indicator_code <> 'total' and score is not null and {NEWEST}
        group by scope_id order by 2 desc, scope_id""",
        ("scope_id", "score", "weight_share"),
        limit=30,
    ),
    "机构评分 Scores of orgs": Expected(
        f"""select {org("scope_id")},
            if(indicator_code = 'total', '总分 Total', {code("indicator_code", "indicator_code")}),
            if(indicator_code = 'total', (
                select sum(score * weight_share) / sum(weight_share)
                from corporate.rpt_scorecard_monthly as part
                where part.scope_type = 'org' and part.scope_id = card.scope_id
                    and part.indicator_code <> 'total' and part.score is not null
                    and part.month_start_date = card.month_start_date), score)
        from corporate.rpt_scorecard_monthly as card
        where scope_type = 'org' and score is not null and {NEWEST}""",
        ("scope_name", "indicator_name", "score"),
    ),
}
