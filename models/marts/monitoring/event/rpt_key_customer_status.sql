-- One row per key customer as of the last business date (重点客户状态报表): the tier held and its status, the last
-- event that was told and not withdrawn in the last 90 days, and who looks after the customer. Nobody who has
-- closed is in it.

{{ config(materialized='table', meta={'grain': ['customer_id']}) }}

with key_customers as (

    select customer_id
    from {{ ref('fct_customer_segment_monthly') }}
    where month_start_date = {{ month_start(business_date()) }} and is_key_customer

),

entries as (

    select
        events.*,
        row_number() over (partition by events.event_id order by events.entry_id desc nulls last) as recency
    from {{ by_survivor(ref('fct_event')) }} as events
    inner join key_customers on events.customer_id = key_customers.customer_id
    where events.business_date > {{ add_days(business_date(), -90) }}

),

numbered as (

    select
        *,
        count(*) over (partition by customer_id) as told_cnt,
        row_number() over (
            partition by customer_id
            order by
                business_date desc nulls last,
                priority asc nulls last,
                event_date desc nulls last,
                event_id asc nulls last
        ) as place
    from entries
    where recency = 1 and entry_type_code = 'event'

)

select
    -- ids
    key_customers.customer_id,
    months.owning_org_id,
    managers.employee_id,

    -- codes
    tiers.tier_code,
    tiers.status_code,
    tiers.lost_tier_code,
    last_event.event_code as last_event_code,

    -- dates
    {{ business_date() }} as business_date,
    last_event.event_date as last_event_date,
    last_event.business_date as last_told_date,

    -- measures
    tiers.assessment_aum_amt,
    cast(tiers.below_months as integer) as below_months,
    last_event.amount_amt as last_event_amt,
    cast(coalesce(last_event.told_cnt, 0) as integer) as event_90d_cnt

from key_customers
inner join {{ ref('int_customer__month') }} as months
    on
        key_customers.customer_id = months.customer_id
        and months.month_start_date = {{ month_start(business_date()) }}
        and not months.is_closed
left join {{ ref('fct_customer_tier_monthly') }} as tiers
    on
        key_customers.customer_id = tiers.customer_id
        and tiers.month_start_date = {{ month_start(business_date()) }}
left join {{ ref('int_ownership__main_manager') }} as managers
    on
        key_customers.customer_id = managers.customer_id
        and managers.month_start_date = {{ month_start(business_date()) }}
left join numbered as last_event
    on key_customers.customer_id = last_event.customer_id and last_event.place = 1
