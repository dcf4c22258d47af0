-- One row per scope, indicator, period, version of the plan and month (计划完成情况), as of the month's last
-- processed day: the target, what came, what the period will bring if it goes on so, and what last year's
-- brought. The highest version that is known counts; earlier ones stay to be compared.

{{ config(meta={
    'grain': ['month_start_date', 'scope_type', 'scope_id', 'indicator_code', 'period', 'version'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

actuals as (

    select
        scope_type,
        scope_id,
        indicator_code,
        period_code,
        month_start_date,
        min(kind_code) as kind_code,
        min(period_start_date) as period_start_date,
        min(period_end_date) as period_end_date,
        sum(actual) as actual,
        -- known for all parts or for none
        sum(opening_value) as opening_value,
        sum(earlier_12_value) as earlier_12_value,
        sum(earlier_24_value) as earlier_24_value,
        sum(earlier_36_value) as earlier_36_value
    from {{ ref('int_plan__actual') }}
    where is_whole
    group by scope_type, scope_id, indicator_code, period_code, month_start_date

),

-- by what scopes are made of, before they meet the plans
leaf_pipeline as (

    {% for scope_type, leaf in [('employee', 'owner_id'), ('org', 'org_id'), ('bank', "'bank'")] -%}
    select
        '{{ scope_type }}' as scope_type,
        {{ leaf }} as leaf_id,
        forecast_month_date,
        sum(expected_historical_amt) as expected_amt
    from {{ ref('int_opportunity__expected') }}
    group by {{ leaf ~ ', ' if scope_type != 'bank' }}forecast_month_date
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

pipeline as (

    select
        actuals.scope_type,
        actuals.scope_id,
        actuals.period_code,
        sum(expected.expected_amt) as expected_amt
    from (
        select distinct scope_type, scope_id, period_code, period_start_date, period_end_date from actuals
    ) as actuals
    inner join {{ ref('int_plan__scope') }} as scopes
        on actuals.scope_type = scopes.scope_type_code and actuals.scope_id = scopes.scope_id
    inner join leaf_pipeline as expected
        on
            scopes.scope_type_code = expected.scope_type
            and scopes.leaf_id = expected.leaf_id
            and expected.forecast_month_date <= actuals.period_end_date
    group by actuals.scope_type, actuals.scope_id, actuals.period_code

),

plans as (

    select
        actuals.*,
        targets.plan_version,
        targets.target_value,
        months.through_date,
        months.is_provisional,
        indicators.direction_sign,
        {{ cents('targets.target_value') }} as target_cents,
        cast(actuals.actual * 100 as {{ wide_type() }}) as actual_cents,
        cast(actuals.opening_value * 100 as {{ wide_type() }}) as opening_cents,
        least(months.through_date, actuals.period_end_date) as as_of_date,
        {{ days_between(
            'actuals.period_start_date', 'least(months.through_date, actuals.period_end_date)'
        ) }} + 1 as elapsed_days,
        {{ days_between('actuals.period_start_date', 'actuals.period_end_date') }} + 1 as period_days,
        max(targets.plan_version) over (
            partition by
                actuals.scope_type, actuals.scope_id, actuals.indicator_code, actuals.period_code,
                actuals.month_start_date
        ) as last_version,
        -- only tonight's month is forecast by what is open tonight
        case
            when indicators.is_pipeline and months.is_current
                then actuals.actual + coalesce(pipeline.expected_amt, 0)
        end as pipeline_forecast
    from actuals
    inner join {{ ref('int_plan__target') }} as targets
        on
            actuals.scope_type = targets.scope_type_code
            and actuals.scope_id = targets.scope_id
            and actuals.indicator_code = targets.indicator_code
            and actuals.period_code = targets.period_code
    inner join months on actuals.month_start_date = months.month_start_date
    inner join {{ ref('plan_indicators') }} as indicators
        on actuals.indicator_code = indicators.indicator_code
    cross join {{ ref('int_calendar__recorded_history') }} as history
    left join pipeline
        on
            actuals.scope_type = pipeline.scope_type
            and actuals.scope_id = pipeline.scope_id
            and actuals.period_code = pipeline.period_code
    -- what the first night brings holds for the months before it, too
    where targets.business_date <= months.through_date or targets.business_date = history.business_date

),

forecast as (

    select
        *,
        -- none where a few days, times a year, are more than the largest amount
        case
            when abs(run_rate_cents) < 1000000000000000000 then {{ wide_cents_amount('run_rate_cents') }}
        end as run_rate_forecast
    from (
        select
            *,
            case
                when elapsed_days >= period_days then actual_cents
                when kind_code = 'flow' then {{ round_wide('actual_cents * period_days', 'elapsed_days') }}
                else {{ round_wide(
                    'actual_cents * elapsed_days'
                    ~ ' + (actual_cents - opening_cents) * (period_days - elapsed_days)',
                    'elapsed_days',
                ) }}
            end as run_rate_cents
        from plans
    ) as going_on

),

judged as (

    select
        *,
        {{ total_cents('coalesce(pipeline_forecast, run_rate_forecast)') }} as forecast_cents,
        case
            when target_cents > 0 then {{ attained(
                total_cents('coalesce(pipeline_forecast, run_rate_forecast)'), 'target_cents'
            ) }}
        end as forecast_attainment
    from forecast

),

-- where less is better, by the inverse; a target of 0 or less tells no ratio, only more or less
compared as (

    select
        *,
        case
            when forecast_cents is null then null
            when target_cents > 0 and direction_sign = 1 then forecast_attainment
            when target_cents > 0 and forecast_cents > 0 then {{ attained('target_cents', 'forecast_cents') }}
            when direction_sign * (forecast_cents - target_cents) > 0 then 999999
            when forecast_cents = target_cents then 1
            else -999999
        end as judged_rate
    from judged

)

select
    -- ids
    compared.scope_id,

    -- codes
    compared.scope_type,
    compared.indicator_code,
    compared.period_code as period,
    statuses.status_code as status,
    statuses.rule_version,

    -- dates
    compared.month_start_date,
    compared.as_of_date,
    compared.period_start_date,
    compared.period_end_date,

    -- measures
    cast(compared.plan_version as integer) as version,
    cast(compared.target_value as {{ amount_type() }}) as target,
    cast(compared.actual as {{ amount_type() }}) as actual,
    cast(
        case when compared.target_cents > 0 then {{ attained(
            total_cents('compared.actual'), 'compared.target_cents'
        ) }} end as decimal(18, 6)
    ) as attainment_rate,
    {{ ratio('compared.elapsed_days', 'compared.period_days') }} as time_elapsed_rate,
    cast(compared.run_rate_forecast as {{ amount_type() }}) as run_rate_forecast,
    cast(compared.pipeline_forecast as {{ amount_type() }}) as pipeline_forecast,
    cast(compared.forecast_attainment as decimal(18, 6)) as forecast_attainment,
    cast(compared.earlier_12_value as {{ amount_type() }}) as baseline,
    {{ wide_cents_amount(round_wide(
        total_cents('(compared.earlier_12_value + compared.earlier_24_value + compared.earlier_36_value)'),
        '3'
    )) }} as baseline_three_year_mean,

    -- flags
    compared.plan_version = compared.last_version as is_current_version,
    compared.is_provisional

from compared
left join {{ ref('plan_status_rules') }} as statuses
    on
        compared.judged_rate >= coalesce(statuses.ratio_from, compared.judged_rate)
        and (statuses.ratio_to is null or compared.judged_rate < statuses.ratio_to)
        and compared.month_start_date >= statuses.valid_from_month
        and (statuses.valid_to_month is null or compared.month_start_date <= statuses.valid_to_month)
