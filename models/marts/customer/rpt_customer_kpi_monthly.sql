-- One row per owning org and month: customers who came and went, how active they are, what they are worth,
-- and how they were served (客户关键指标). opening + new + moved in − lost − moved out = closing.

{{ config(meta={
    'grain': ['org_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
    'month_by_month': true,
}) }}

with months as (

    select months.*, rules.clv_retention_rate, rules.clv_discount_rate
    from {{ ref('int_calendar__open_months') }} as months
    inner join {{ ref('customer_kpi_rules') }} as rules
        on
            months.month_start_date >= rules.valid_from_month
            and (rules.valid_to_month is null or months.month_start_date <= rules.valid_to_month)

),

customers as (

    select customers.*, customers.owning_org_id <> customers.org_before_id as is_moved
    from {{ ref('int_holding__customer') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    where
        customers.business_date = {{ business_date() }}
        and (customers.is_member or customers.is_member_before)

),

-- at the org of now, and what left an org at the org of before
parts as (

    select
        owning_org_id as org_id,
        month_start_date,
        case when is_member_before and not is_moved then 1 else 0 end as opening_cnt,
        case when is_member and not is_member_before then 1 else 0 end as new_cnt,
        case when is_member and is_member_before and is_moved then 1 else 0 end as moved_in_cnt,
        case when not is_member and is_member_before and not is_moved then 1 else 0 end as lost_cnt,
        0 as moved_out_cnt,
        case when is_member then 1 else 0 end as closing_cnt,
        case when is_active then 1 else 0 end as active_cnt,
        case when is_active then txn_cnt else 0 end as txn_cnt,
        case when is_active then {{ cents('txn_amt') }} else 0 end as txn_cents,
        case when is_member then {{ cents('contribution_12m_amt') }} end as contribution_12m_cents
    from customers
    union all
    select
        org_before_id as org_id,
        month_start_date,
        1 as opening_cnt,
        0 as new_cnt,
        0 as moved_in_cnt,
        case when is_member then 0 else 1 end as lost_cnt,
        case when is_member then 1 else 0 end as moved_out_cnt,
        0 as closing_cnt,
        0 as active_cnt,
        0 as txn_cnt,
        cast(0 as bigint) as txn_cents,
        cast(null as bigint) as contribution_12m_cents
    from customers
    where is_member_before and is_moved

),

counted as (

    select
        org_id,
        month_start_date,
        sum(opening_cnt) as opening_cnt,
        sum(new_cnt) as new_cnt,
        sum(moved_in_cnt) as moved_in_cnt,
        sum(lost_cnt) as lost_cnt,
        sum(moved_out_cnt) as moved_out_cnt,
        sum(closing_cnt) as closing_cnt,
        sum(active_cnt) as active_cnt,
        sum(txn_cnt) as txn_cnt,
        sum(txn_cents) as txn_cents,
        sum(contribution_12m_cents) as contribution_12m_cents
    from parts
    group by org_id, month_start_date

),

service as (

    select
        service.org_id,
        service.month_start_date,
        sum(service.case_cnt) as case_cnt,
        sum(service.replied_in_time_cnt) as replied_in_time_cnt,
        -- the 24 hours are promised of complaints
        sum(case when service.case_type_code = 'complaint' then service.case_cnt end) as complaint_cnt,
        sum(case when service.case_type_code = 'complaint' then service.solved_in_time_cnt end)
            as solved_in_time_cnt,
        sum(service.closed_cnt) as closed_cnt,
        sum(service.scored_cnt) as scored_cnt,
        sum(service.score_sum) as score_sum,
        sum(service.promoter_cnt - service.detractor_cnt) as net_promoter_cnt
    from {{ ref('rpt_service_monthly') }} as service
    inner join months on service.month_start_date = months.month_start_date
    group by service.org_id, service.month_start_date

)

select
    -- ids
    counted.org_id,

    -- dates
    counted.month_start_date,

    -- measures
    cast(counted.opening_cnt as bigint) as opening_customer_cnt,
    cast(counted.new_cnt as bigint) as new_customer_cnt,
    cast(counted.moved_in_cnt as bigint) as moved_in_customer_cnt,
    cast(counted.lost_cnt as bigint) as lost_customer_cnt,
    cast(counted.moved_out_cnt as bigint) as moved_out_customer_cnt,
    cast(counted.closing_cnt as bigint) as closing_customer_cnt,
    {{ signed_ratio('counted.closing_cnt - counted.opening_cnt', 'counted.opening_cnt') }} as growth_rate,
    {{ ratio('counted.lost_cnt', 'counted.opening_cnt') }} as churn_rate,
    {{ ratio('(counted.opening_cnt - counted.lost_cnt)', 'counted.opening_cnt') }} as retention_rate,
    cast(counted.active_cnt as bigint) as active_customer_cnt,
    {{ ratio('counted.active_cnt', 'counted.closing_cnt') }} as active_share,
    cast(counted.txn_cnt as bigint) as txn_cnt,
    {{ signed_ratio('counted.txn_cnt', 'counted.active_cnt') }} as txn_per_active_cnt,
    {{ cents_amount(round_units('counted.txn_cents', 'counted.txn_cnt')) }} as txn_avg_amt,
    {{ cents_amount('counted.contribution_12m_cents') }} as contribution_12m_amt,
    months.clv_retention_rate,
    months.clv_discount_rate,
    {{ cents_amount(round_wide(
        wide('counted.contribution_12m_cents') ~ ' * ' ~ millionths_of('months.clv_retention_rate'),
        '(1000000 + ' ~ millionths_of('months.clv_discount_rate') ~ ' - '
        ~ millionths_of('months.clv_retention_rate') ~ ')'
    )) }} as clv_amt,
    cast(coalesce(service.case_cnt, 0) as bigint) as case_cnt,
    {{ ratio('service.replied_in_time_cnt', 'service.case_cnt') }} as replied_in_time_rate,
    {{ ratio('service.solved_in_time_cnt', 'service.complaint_cnt') }} as solved_in_time_rate,
    {{ ratio('service.closed_cnt', 'service.case_cnt') }} as closed_loop_rate,
    {{ ratio('service.score_sum', 'service.scored_cnt') }} as csat_mean,
    cast({{ signed_ratio('service.net_promoter_cnt * 100', 'service.scored_cnt') }} as decimal(9, 2)) as nps,

    -- flags
    months.is_provisional

from counted
inner join months on counted.month_start_date = months.month_start_date
left join service on counted.org_id = service.org_id and counted.month_start_date = service.month_start_date
