-- One row per channel, or all of them, and month: how often customers were contacted from the first day of
-- the year on (年度接触压力). The row of December tells of the whole year.

{{ config(meta={
    'grain': ['channel_code', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with pressure as (

    select * from {{ ref('int_contact__pressure') }} where period_code = 'year'

)

select
    -- codes
    channel_code,

    -- dates
    month_start_date,
    cast(date_trunc('year', month_start_date) as date) as year_start_date,

    -- measures
    {{ contact_pressure_measures() }}

    -- flags
    is_provisional

from pressure
