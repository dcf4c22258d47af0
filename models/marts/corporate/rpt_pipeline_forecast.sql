-- One row per org, month in which the forecast was made and month that it is of (商机预测): what open
-- opportunities are expected to bring, by the stated probability and by the historical rate of winning. The
-- row of a month's own month also says what was forecast for it at the end of the month before, and what was
-- won.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'forecast_month_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with tonight as (

    -- nobody can forecast for a month that the bank only tells of
    select * from {{ ref('int_calendar__open_months') }} where is_current

),

expected as (

    select
        expected.org_id,
        expected.forecast_month_date,
        count(*) as opportunity_cnt,
        sum(expected.amount_amt) as amount_amt,
        sum(expected.expected_stated_amt) as expected_stated_amt,
        sum(expected.expected_historical_amt) as expected_historical_amt,
        count(case when expected.basis_code = 'org' then 1 end) as org_rate_cnt,
        count(case when expected.basis_code = 'bank' then 1 end) as bank_rate_cnt
    from {{ ref('int_opportunity__expected') }} as expected
    cross join tonight
    where {{ month_index('expected.forecast_month_date') }} < tonight.month_index + expected.forecast_months
    group by expected.org_id, expected.forecast_month_date

),

won as (

    select
        opportunities.org_id,
        tonight.month_start_date as forecast_month_date,
        count(*) as won_cnt,
        sum(opportunities.amount_amt) as won_amt
    from {{ ref('fct_opportunity') }} as opportunities
    inner join tonight
        on
            opportunities.counted_date >= tonight.month_start_date
            and opportunities.counted_date <= tonight.through_date
    where opportunities.outcome_code = 'won'
    group by opportunities.org_id, tonight.month_start_date

),

{% if has_state() %}
last_forecast as (

    select
        forecasts.org_id,
        forecasts.forecast_month_date,
        forecasts.expected_stated_amt,
        forecasts.expected_historical_amt
    from {{ this }} as forecasts
    inner join tonight
        on
            forecasts.month_start_date = {{ month_from_index('tonight.month_index - 1') }}
            and forecasts.forecast_month_date = tonight.month_start_date

),
{% endif %}

keys as (

    select org_id, forecast_month_date from expected
    union
    select org_id, forecast_month_date from won
    {% if has_state() %}
    union
    select org_id, forecast_month_date from last_forecast
    {% endif %}

)

select
    -- ids
    keys.org_id,

    -- dates
    tonight.month_start_date,
    keys.forecast_month_date,

    -- measures
    cast(coalesce(expected.opportunity_cnt, 0) as bigint) as opportunity_cnt,
    cast(coalesce(expected.amount_amt, 0) as {{ amount_type() }}) as amount_amt,
    cast(coalesce(expected.expected_stated_amt, 0) as {{ amount_type() }}) as expected_stated_amt,
    cast(coalesce(expected.expected_historical_amt, 0) as {{ amount_type() }}) as expected_historical_amt,
    cast(coalesce(expected.org_rate_cnt, 0) as bigint) as org_rate_cnt,
    cast(coalesce(expected.bank_rate_cnt, 0) as bigint) as bank_rate_cnt,
    {% if has_state() %}
    cast(last_forecast.expected_stated_amt as {{ amount_type() }}) as last_stated_amt,
    cast(last_forecast.expected_historical_amt as {{ amount_type() }}) as last_historical_amt,
    {% else %}
    cast(null as {{ amount_type() }}) as last_stated_amt,
    cast(null as {{ amount_type() }}) as last_historical_amt,
    {% endif %}
    cast(
        case
            when keys.forecast_month_date = tonight.month_start_date then coalesce(won.won_amt, 0)
        end as {{ amount_type() }}
    ) as won_amt,
    cast(
        case
            when keys.forecast_month_date = tonight.month_start_date then coalesce(won.won_cnt, 0)
        end as bigint
    ) as won_cnt,

    -- flags
    tonight.is_provisional

from keys
cross join tonight
left join expected
    on keys.org_id = expected.org_id and keys.forecast_month_date = expected.forecast_month_date
left join won on keys.org_id = won.org_id and keys.forecast_month_date = won.forecast_month_date
{% if has_state() %}
left join last_forecast
    on keys.org_id = last_forecast.org_id and keys.forecast_month_date = last_forecast.forecast_month_date
{% endif %}
