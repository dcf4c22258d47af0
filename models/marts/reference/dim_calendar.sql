-- One row per day of the bank's calendar, as tonight's extract has it.

{{ config(materialized='table', meta={'grain': ['calendar_date'], 'cut': 'whole'}) }}

select
    -- codes
    festival_code,

    -- dates
    calendar_date,
    {{ month_start('calendar_date') }} as month_start_date,
    cast(date_trunc('quarter', calendar_date) as date) as quarter_start_date,

    -- flags: a calendar that does not tell of settlement days has none
    is_business_day,
    coalesce(is_interest_settlement, false) as is_interest_settlement_day,
    coalesce(is_small_fee_day, false) as is_small_fee_day

from {{ ref('stg_core_banking__calendar_days') }}
