-- One row per currency, rate date and night that told the rate of a day to come, as a Friday's batch may tell
-- those of the weekend: the next night values such days, though its own batch says nothing of them any more.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

select
    -- ids
    currency_code,

    -- dates
    rate_date,
    {{ business_date() }} as business_date,

    -- measures
    mid_rate

from {{ ref('stg_core_banking__fx_rates') }}
where rate_date > {{ business_date() }}
