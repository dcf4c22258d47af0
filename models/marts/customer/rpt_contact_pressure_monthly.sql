-- One row per channel, or all of them, and month: how often customers were contacted (接触压力).

{{ config(meta={
    'grain': ['channel_code', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with pressure as (

    select * from {{ ref('int_contact__pressure') }} where period_code = 'month'

)

select
    -- codes
    channel_code,

    -- dates
    month_start_date,

    -- measures
    {{ contact_pressure_measures() }}

    -- flags
    is_provisional

from pressure
