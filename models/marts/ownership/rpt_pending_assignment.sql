-- One row per customer who waits for a manager tonight (待分配客户列表): recalled, left behind by a manager who
-- left the bank, or at or above the line from which customers are assigned and without anybody.

{{ config(materialized='table', meta={'grain': ['customer_id']}) }}

with aged as (

    select
        pending.*,
        case
            when pending.reason_code in ('recalled', 'manager_left') then pending.ended_date
            else versions.known_from_date
        end as pending_since_date
    from {{ ref('int_ownership__pending') }} as pending
    inner join {{ ref('int_ownership__pending_versions') }} as versions
        on pending.customer_id = versions.customer_id and versions.known_to_date is null

)

select
    -- ids
    customer_id,
    org_id,

    -- codes
    reason_code,
    tier_code,

    -- dates
    pending_since_date,

    -- measures
    {{ days_between('pending_since_date', business_date()) }} as age_days,

    -- flags
    is_assignable

from aged
