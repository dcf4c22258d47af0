-- One row per customer who had something in the ledger in the 11 months before a month that tonight computes,
-- and has nothing in the month itself: the contribution of the year. They are few.

{{ config(materialized='table') }}

select
    -- ids
    earlier.customer_id,

    -- dates
    earlier.month_start_date,

    -- measures
    earlier.cents_11m as cents_12m,
    earlier.months_11m_cnt as months_12m_cnt

from {{ ref('int_contribution__before_month') }} as earlier
inner join {{ ref('int_contribution__month') }} as months
    on earlier.month_start_date = months.month_start_date
left join {{ ref('int_contribution__customer_month') }} as tonight
    on
        earlier.customer_id = tonight.customer_id
        and earlier.month_start_date = tonight.month_start_date
left join {{ ref('int_customer__survivor') }} as merged on earlier.customer_id = merged.customer_id
where tonight.customer_id is null and merged.customer_id is null and earlier.months_11m_cnt > 0
