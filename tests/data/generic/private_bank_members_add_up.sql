{% test private_bank_members_add_up(model) %}
-- Fails on any org, class and month whose private-banking customers are not those of
-- fct_customer_tier_monthly who have not closed, or not the stock and the newly won together. Looks at tonight's months.

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

tiers as (

    select tier.month_start_date, tier.owning_org_id as org_id, rules.class_code, count(*) as customer_cnt
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join months on tier.month_start_date = months.month_start_date
    inner join {{ ref('private_bank_rules') }} as rules
        on tier.rulebook_version = rules.rulebook_version and tier.tier_code = rules.tier_code
    where not tier.is_closed
    group by tier.month_start_date, tier.owning_org_id, rules.class_code

),

listed as (

    select month_start_date, org_id, class_code, count(*) as customer_cnt
    from (
        select month_start_date, org_id, class_code from {{ ref('rpt_private_bank_stock_detail') }}
        union all
        select month_start_date, org_id, class_code from {{ ref('rpt_private_bank_new_detail') }}
    ) as details
    group by month_start_date, org_id, class_code

),

reported as (

    select report.*
    from {{ model }} as report
    inner join months on report.month_start_date = months.month_start_date

)

select
    coalesce(tiers.month_start_date, reported.month_start_date) as month_start_date,
    coalesce(tiers.org_id, reported.org_id) as org_id,
    coalesce(tiers.class_code, reported.class_code) as class_code,
    tiers.customer_cnt,
    listed.customer_cnt as listed_customer_cnt,
    reported.customer_cnt as reported_customer_cnt
from tiers
full outer join reported
    on
        tiers.month_start_date = reported.month_start_date
        and tiers.org_id = reported.org_id
        and tiers.class_code = reported.class_code
left join listed
    on
        tiers.month_start_date = listed.month_start_date
        and tiers.org_id = listed.org_id
        and tiers.class_code = listed.class_code
where
    coalesce(tiers.customer_cnt, 0) <> coalesce(reported.customer_cnt, 0)
    or coalesce(tiers.customer_cnt, 0) <> coalesce(listed.customer_cnt, 0)
    or reported.customer_cnt <> reported.qualified_cnt + reported.factor_cnt + reported.window_cnt

{% endtest %}
