-- One row per customer and month that is over: what later months need of it for their averages.
-- Written once, on the night that ends the month, so that no ordinary night reads past months.

{{ config(
    materialized='incremental', meta={'carried': 'month_end'},
) }}

with ended as (

    select * from {{ ref('int_aum__customer_month') }} where not is_provisional

)

select
    -- ids
    customer_id,

    -- dates
    month_start_date,
    month_end_date,
    month_index,
    recorded_days,

    -- measures
    {{ divide_round('balance_sum_plain_amt', 'balance_sum_fine_amt', 'recorded_days') }} as aum_month_avg_amt,
    -- not rounded: quarter and year averages round once
    balance_sum_plain_amt,
    balance_sum_fine_amt,

    -- flags
    is_partial_month

from ended
