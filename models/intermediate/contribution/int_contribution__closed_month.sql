-- One row per customer and month that is over: what it adds to the trailing averages of later months. Written
-- once, on the night that ends the month, so that no ordinary night reads past months. A month of which some
-- days are not recorded adds nothing.

{{ config(
    materialized='incremental', meta={'carried': 'month_end'},
) }}

select
    -- ids
    customer_id,

    -- dates
    month_start_date,
    month_end_date,
    month_index,

    -- measures
    contribution_cents

from {{ ref('int_contribution__customer_month') }}
where not is_provisional and not is_partial_month
