"""Of the dashboard of marketing."""

from tests.bi.expected.shared import AS_OF, NEWEST, Expected, code, month, org, staff

_TARGETS = """(select campaign_id, count(*) filter (test_group_code = 'target') as target_cnt,
        count(*) filter (test_group_code = 'control') as control_cnt,
        count(*) filter (is_converted and test_group_code = 'target') / target_cnt as converted_rate,
        count(*) filter (is_converted and test_group_code = 'control') / nullif(control_cnt, 0)
            as control_converted_rate,
        sum(sold_amt) filter (test_group_code = 'target') as sold_amt
    from customer.fct_campaign_target group by campaign_id)"""
_EFFECT = "from customer.rpt_campaign_effect where segment_scheme_code = 'all'"
_ALL = f"from customer.rpt_contact_pressure_monthly where channel_code = 'all' and {NEWEST}"
_CHANNEL = code("channel_code", "channel_code")
_PRESSURE = (
    "channel_name",
    "batch_cnt",
    "campaign_cnt",
    "contact_cnt",
    "customer_cnt",
    "contact_avg_cnt",
    "contact_p90_cnt",
    "contact_max_cnt",
)
_PRESSED = f"""select {_CHANNEL}, batch_cnt, campaign_cnt, contact_cnt, customer_cnt,
    contact_cnt / customer_cnt, contact_p90_cnt, contact_max_cnt"""

MARKETING = {
    "数据截止 Data as of": AS_OF,
    "活动数 Campaigns": Expected(
        "select count(distinct campaign_id) from customer.fct_campaign_target", ("campaigns",)
    ),
    "本月接触 Contacts of the month": Expected(f"select contact_cnt {_ALL}", ("contacts",)),
    "人均接触 Contacts per customer": Expected(f"select contact_cnt / customer_cnt {_ALL}", ("mean",)),
    "活动效果 Campaigns and their effect": Expected(
        f"""select campaign_id, counted.target_cnt, counted.control_cnt, counted.converted_rate,
            counted.control_converted_rate, counted.converted_rate - counted.control_converted_rate,
            uplift_low_rate, uplift_high_rate, detectable_rate, counted.sold_amt / 10000
        from customer.rpt_campaign_effect inner join {_TARGETS} as counted using (campaign_id)
        where segment_scheme_code = 'all' order by campaign_id desc""",
        (
            "campaign_id",
            "target_cnt",
            "control_cnt",
            "converted_rate",
            "control_converted_rate",
            "uplift_rate",
            "uplift_low_rate",
            "uplift_high_rate",
            "detectable_rate",
            "sold_wan",
        ),
        limit=50,
    ),
    "提升、95%区间与可检出效果 Uplift, 95 % interval, smallest detectable effect": Expected(
        f"""select campaign_id, 'uplift', converted_rate - control_converted_rate from {_TARGETS}
        union all
        select campaign_id, 'low', uplift_low_rate {_EFFECT}
        union all
        select campaign_id, 'high', uplift_high_rate {_EFFECT}
        union all
        select campaign_id, 'detectable', detectable_rate {_EFFECT}"""
    ),
    "接触上限将拦截 Contacts that a cap would drop": Expected(
        f"""select {_CHANNEL}, 'cap_' || cap, dropped
        from (unpivot (
            select channel_code, dropped_3_cnt as "3", dropped_5_cnt as "5", dropped_10_cnt as "10"
            from customer.rpt_contact_pressure_monthly where {NEWEST})
        on columns(* exclude (channel_code)) into name cap value dropped)"""
    ),
    "本月接触压力 Contact pressure of the month": Expected(
        f"{_PRESSED} from customer.rpt_contact_pressure_monthly where {NEWEST}", _PRESSURE
    ),
    "本年接触压力 Contact pressure of the year": Expected(
        f"{_PRESSED} from customer.rpt_contact_pressure_yearly where {NEWEST}", _PRESSURE
    ),
    "渠道使用与获客 Channels: use and customers won": Expected(
        f"""select {_CHANNEL}, contracted_customer_cnt, active_customer_cnt,
            active_customer_cnt / nullif(contracted_customer_cnt, 0), txn_cnt,
            txn_cnt / nullif(sum(txn_cnt) over (), 0), won_customer_cnt, cost_amt / 10000
        from customer.rpt_channel_monthly where {NEWEST}""",
        (
            "channel_name",
            "contracted_customer_cnt",
            "active_customer_cnt",
            "active_rate",
            "txn_cnt",
            "txn_share",
            "won_customer_cnt",
            "cost_wan",
        ),
    ),
    "获客来源 New customers by source": Expected(
        f"""select {month("month_start_date")}, {code("acquisition_source_code", "dimension_value")},
            new_customer_cnt
        from customer.rpt_acquisition_monthly where dimension_code = 'acquisition_source'"""
    ),
    "新客户构成 Who the new customers are": Expected(
        f"""select {code("dimension_code", "dimension_code")}, new_customer_cnt,
            new_customer_cnt / sum(new_customer_cnt) over (partition by dimension_code)
        from customer.rpt_acquisition_monthly where {NEWEST}""",
        ("dimension_name", "new_customer_cnt", "new_customer_share"),
    ),
    "推荐产品线（客户数） Product lines recommended, customers": Expected(
        f"""select {code("product_line_code", "product_line_code")}, {code("source_code", "source_code")},
            count(*)
        from workbench.feed_recommendation group by all"""
    ),
    "推荐回测：命中率 Back-test: hit rate beside the popular lines": Expected(
        f"""select {month("month_start_date")}, method, hits / customer_cnt
        from (unpivot (
            select month_start_date, customer_cnt, hit_at_1_cnt as hit_1, popular_at_1_cnt as popular_1,
                hit_at_3_cnt as hit_3, popular_at_3_cnt as popular_3
            from customer.rpt_recommendation_quality)
        on columns(* exclude (month_start_date, customer_cnt)) into name method value hits)"""
    ),
    "推荐清单 Recommendations": Expected(
        f"""select customer_id, {org("org_id")}, {staff("employee_id")}, employee_id,
            {code("product_line_code", "product_line_code")}, score, reason
        from workbench.feed_recommendation where rank_number = 1
        order by score desc, customer_id, 5""",
        (
            "customer_id",
            "org_name",
            "employee_name",
            "employee_id",
            "product_line_name",
            "score",
            "reason",
        ),
        limit=50,
    ),
}
