-- One row per visit or contact of the last 30 days (工作日志): a visit is of who made it, a contact of the
-- customer's main manager tonight.

{{ config(materialized='table', meta={'grain': ['work_type_code', 'work_id']}) }}

with worked as (

    select
        'visit' as work_type_code,
        visit_id as work_id,
        customer_id,
        employee_id,
        cast(null as varchar) as campaign_id,
        'visit' as channel_code,
        cast(visited_at as date) as work_date,
        has_location,
        true as is_delivered
    from {{ by_survivor(ref('int_contact__visit')) }}
    -- some are told before their day
    where business_date > {{ add_days(business_date(), '-' ~ days_told_ahead()) }}
    union all
    select
        'contact' as work_type_code,
        contact_id as work_id,
        customer_id,
        cast(null as varchar) as employee_id,
        campaign_id,
        channel_code,
        cast(sent_at as date) as work_date,
        cast(null as boolean) as has_location,
        is_delivered
    from {{ by_survivor(ref('int_contact__log')) }}
    -- some are told before their day
    where business_date > {{ add_days(business_date(), '-' ~ days_told_ahead()) }}

)

select
    -- ids
    coalesce(worked.employee_id, managers.employee_id) as employee_id,
    owners.owning_org_id as org_id,
    worked.customer_id,
    worked.work_id,
    worked.campaign_id,

    -- codes
    worked.work_type_code,
    worked.channel_code,

    -- dates
    {{ business_date() }} as business_date,
    worked.work_date,

    -- flags
    worked.has_location,
    worked.is_delivered

from worked
left join {{ ref('int_customer__month') }} as owners
    on
        worked.customer_id = owners.customer_id
        and owners.month_start_date = {{ month_start(business_date()) }}
left join {{ ref('int_ownership__main_manager') }} as managers
    on
        worked.customer_id = managers.customer_id
        and managers.month_start_date = {{ month_start(business_date()) }}
where worked.work_date > {{ add_days(business_date(), -30) }} and worked.work_date <= {{ business_date() }}
