-- One row per currency and calendar day: the mid rate that values the day. A day without a rate takes the
-- last one before it; the reporting currency is 1 by definition. A day of the initial load's history that is
-- before every rate takes the earliest one: its rate_date is then after the day, and gate 1 says so.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

-- read on the first night only, or on the others, but the graph is the same every night
-- depends_on: {{ ref('int_calendar__open_months') }}, {{ ref('int_fx__quote_ahead') }}

with days as (

    {% if is_first_night() %}
    -- past months are valued at their last day, the running month's history at the day before tonight
    select month_end_date as calendar_date
    from {{ ref('int_calendar__open_months') }}
    where month_end_date < {{ business_date() }}
    union
    select {{ add_days(business_date(), -1) }}
    union
    select {{ business_date() }}
    {% else %}
    select calendar_date from {{ day_spine(add_days(previous_business_date(), 1), business_date()) }}
    {% endif %}

),

known_rates as (

    select currency_code, rate_date, mid_rate, {{ business_date() }} as told_date
    from {{ ref('stg_core_banking__fx_rates') }}
    where currency_code <> '{{ var("reporting_currency") }}'
    {% if has_state() %}
    union all
    select currency_code, rate_date, mid_rate, business_date as told_date
    from {{ this }}
    where calendar_date = {{ previous_business_date() }} and rate_date is not null
    union all
    -- told ahead by the nights before
    select currency_code, rate_date, mid_rate, business_date as told_date
    from {{ ref('int_fx__quote_ahead') }}
    where
        business_date < {{ business_date() }}
        and rate_date > {{ previous_business_date() }}
        and currency_code <> '{{ var("reporting_currency") }}'
    {% endif %}

),

ranked as (

    select
        days.calendar_date,
        known_rates.currency_code,
        known_rates.rate_date,
        known_rates.mid_rate,
        row_number() over (
            partition by days.calendar_date, known_rates.currency_code
            order by
                days.calendar_date < known_rates.rate_date,
                abs({{ days_between('known_rates.rate_date', 'days.calendar_date') }}) nulls last,
                -- what tonight says of a day is a correction of what was said before
                known_rates.told_date desc nulls last
        ) as recency
    from days
    inner join known_rates
        on {% if is_first_night() %}true{% else %}days.calendar_date >= known_rates.rate_date{% endif %}

),

rates as (

    select currency_code, calendar_date, rate_date, mid_rate from ranked where recency = 1
    union all
    select
        '{{ var("reporting_currency") }}' as currency_code,
        calendar_date,
        cast(null as date) as rate_date,
        cast(1 as {{ fx_type() }}) as mid_rate
    from days

)

select
    currency_code,
    calendar_date,
    rate_date,
    mid_rate,
    {{ business_date() }} as business_date
from rates
