-- One row per loan, month and night that brought its risk parameters.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

select
    -- ids
    loan_id,

    -- dates
    {{ month_start('month_start_date') }} as risk_month_date,
    {{ business_date() }} as business_date,

    -- measures
    default_probability_rate as pd_rate,
    loss_given_default_rate as lgd_rate,
    exposure_at_default_ccy_amt as ead_ccy_amt,
    capital_rate

from {{ ref('stg_core_banking__risk_parameters') }}
