-- One row per customer: the group that rules of events are for, by the tier of the last complete month. The
-- running month's tier may still change, so no rule goes by it. Who closes is told of until the month of it
-- ends, so that what is taken away on the last day is not missed; who is greeted, or belongs to a group, is
-- active.

{{ config(materialized='view', tags=['night']) }}

with tiers as (

    select customer_id, tier_code
    from {{ ref('int_tier__closed_month') }}
    where month_start_date = {{ month_start(add_days(month_start(business_date()), -1)) }}

)

select
    customers.customer_id,
    case
        when customers.customer_type_code = 'C' then 'corporate'
        else coalesce(groups.customer_group_code, 'mass')
    end as customer_group_code,
    customers.status_code = 'active' as is_active
from {{ living(ref('int_customer__versions')) }} as customers
left join tiers on customers.customer_id = tiers.customer_id
left join {{ ref('event_group_rules') }} as groups on tiers.tier_code = groups.tier_code
where customers.known_to_date is null
