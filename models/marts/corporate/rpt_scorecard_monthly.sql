-- One row per employee or org, month and indicator (考核评分): value, target of the month, attainment and points
-- by the rules' weights. The row of the indicator `total` has the score: the points of all indicators with a
-- target, by their weights, and the rank by it. An indicator without a target is in no score.

{{ config(meta={
    'grain': ['month_start_date', 'scope_type', 'scope_id', 'indicator_code'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

facts as (

    select
        facts.org_id,
        facts.employee_id,
        facts.indicator_code,
        facts.month_start_date,
        sum(facts.actual_value) as actual_value
    from {{ ref('int_plan__indicator_month') }} as facts
    inner join months on facts.month_start_date = months.month_start_date
    where facts.is_whole
    group by facts.org_id, facts.employee_id, facts.indicator_code, facts.month_start_date

),

scoped as (

    select
        'employee' as scope_type,
        employee_id as scope_id,
        indicator_code,
        month_start_date,
        actual_value
    from facts
    where employee_id <> 'UNASSIGNED'
    union all
    -- an org with all below it
    select
        'org' as scope_type,
        ancestors.ancestor_org_id as scope_id,
        facts.indicator_code,
        facts.month_start_date,
        facts.actual_value
    from facts
    inner join {{ ref('int_org__ancestor') }} as ancestors on facts.org_id = ancestors.org_id

),

summed as (

    select scope_type, scope_id, indicator_code, month_start_date, sum(actual_value) as actual_value
    from scoped
    group by scope_type, scope_id, indicator_code, month_start_date

),

-- the month's own target, of its highest version
targets as (

    select scope_type, scope_id, indicator_code, month_start_date, target
    from {{ ref('fct_plan_actual') }}
    where
        is_current_version
        and period_start_date = month_start_date
        and length(period) = 7
        and month_start_date in (select month_start_date from months)

),

keys as (

    select scope_type, scope_id, indicator_code, month_start_date from summed
    union
    select scope_type, scope_id, indicator_code, month_start_date from targets

),

judged as (

    select
        keys.*,
        weights.scorecard_version,
        weights.attainment_cap,
        {{ millionths_of('weights.weight_share') }} as weight_units,
        coalesce(summed.actual_value, 0) as actual_value,
        targets.target as target_value,
        case
            when targets.target > 0 and indicators.direction_sign = 1
                then {{ attained(
                    total_cents('coalesce(summed.actual_value, 0)'), total_cents('targets.target')
                ) }}
            -- where less is better: all of it where nothing came
            when targets.target > 0 and coalesce(summed.actual_value, 0) > 0
                then {{ attained(total_cents('targets.target'), total_cents('summed.actual_value')) }}
            when targets.target > 0 then weights.attainment_cap
        end as attainment_rate
    from keys
    inner join {{ ref('scorecard_weights') }} as weights
        on
            keys.scope_type = weights.scope_type_code
            and keys.indicator_code = weights.indicator_code
            and keys.month_start_date >= weights.valid_from_month
            and (weights.valid_to_month is null or keys.month_start_date <= weights.valid_to_month)
    inner join {{ ref('plan_indicators') }} as indicators on keys.indicator_code = indicators.indicator_code
    left join summed
        on
            keys.scope_type = summed.scope_type
            and keys.scope_id = summed.scope_id
            and keys.indicator_code = summed.indicator_code
            and keys.month_start_date = summed.month_start_date
    left join targets
        on
            keys.scope_type = targets.scope_type
            and keys.scope_id = targets.scope_id
            and keys.indicator_code = targets.indicator_code
            and keys.month_start_date = targets.month_start_date

),

-- points of a hundred, from nothing to the cap, in millionths of a point
pointed as (

    select
        *,
        case
            when attainment_rate is not null
                then {{ wide('100 * greatest(least(attainment_rate, attainment_cap), 0) * 1000000') }}
        end as point_units
    from judged

),

rows_of_indicators as (

    select
        scope_type,
        scope_id,
        indicator_code,
        month_start_date,
        scorecard_version,
        weight_units,
        actual_value,
        target_value,
        attainment_rate,
        point_units
    from pointed
    union all
    select
        scope_type,
        scope_id,
        'total' as indicator_code,
        month_start_date,
        max(scorecard_version) as scorecard_version,
        sum(case when point_units is not null then weight_units else 0 end) as weight_units,
        null as actual_value,
        null as target_value,
        null as attainment_rate,
        {{ round_wide(
            'sum(coalesce(point_units, 0) * weight_units)',
            'nullif(sum(case when point_units is not null then weight_units else 0 end), 0)'
        ) }} as point_units
    from pointed
    group by scope_type, scope_id, month_start_date

)

select
    -- ids
    listed.scope_id,

    -- codes
    listed.scope_type,
    listed.indicator_code,
    listed.scorecard_version,

    -- dates
    listed.month_start_date,

    -- measures
    {{ millionths('listed.weight_units') }} as weight_share,
    cast(listed.actual_value as {{ amount_type() }}) as value,
    cast(listed.target_value as {{ amount_type() }}) as target,
    cast(listed.attainment_rate as decimal(18, 6)) as attainment_rate,
    cast(cast(listed.point_units as decimal(18, 0)) * cast(0.000001 as decimal(7, 6)) as decimal(18, 6))
        as score,
    -- among those of the same kind who have a score, ties alike
    cast(
        case
            when listed.point_units is not null then rank() over (
                partition by listed.month_start_date, listed.scope_type, listed.indicator_code
                order by listed.point_units desc nulls last
            )
        end as integer
    ) as rank_no,

    -- flags
    months.is_provisional

from rows_of_indicators as listed
inner join months on listed.month_start_date = months.month_start_date
