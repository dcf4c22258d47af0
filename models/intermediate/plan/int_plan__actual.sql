-- One row per scope, indicator and period with a target, way of splitting, part and open month (计划完成情况): what
-- came by the month's last processed day, where the period began, and what the same period brought in the
-- years before. Only months of these periods are read, and only of indicators that have a plan.

{{ config(materialized='table') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

-- as of each open month: what was known by then, of periods that have begun. A target that comes after its
-- period is over is judged in the month that brings it.
plans as (

    select distinct
        targets.scope_type_code as scope_type,
        targets.scope_id,
        targets.indicator_code,
        indicators.kind_code,
        targets.period_code,
        months.month_start_date,
        months.month_index,
        {{ period_month_index('targets.period_code') }} as first_index,
        {{ period_months('targets.period_code') }} as period_months
    from {{ ref('int_plan__target') }} as targets
    inner join {{ ref('plan_indicators') }} as indicators
        on targets.indicator_code = indicators.indicator_code
    inner join months
        on
            {{ period_month_index('targets.period_code') }} <= months.month_index
            and (
                {{ period_month_index('targets.period_code') }} + {{ period_months('targets.period_code') }}
                > months.month_index
                or {{ month_start('targets.business_date') }} = months.month_start_date
            )

),

bounded as (

    select
        *,
        least(month_index, first_index + period_months - 1) as last_index
    from plans

),

facts as (

    select
        facts.*,
        {{ month_index('facts.month_start_date') }} as month_index
    from {{ ref('int_plan__indicator_month') }} as facts
    where
        facts.indicator_code in (select indicator_code from plans)
        -- three years before the first period for the mean, and a month for the opening balance
        and facts.month_start_date >= (
            select {{ month_from_index('min(first_index) - 37') }} from plans
        )

),

-- by what scopes are made of, before they meet the plans
leaf_facts as (

    {% for scope_type, leaf in [('employee', 'employee_id'), ('org', 'org_id'), ('bank', "'bank'")] -%}
    select
        '{{ scope_type }}' as scope_type,
        {{ leaf }} as leaf_id,
        indicator_code,
        split_code,
        part_code,
        month_index,
        sum(actual_value) as actual_value
    from facts
    group by {{ leaf ~ ', ' if scope_type != 'bank' }}indicator_code, split_code, part_code, month_index
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

first_rows as (

    select indicator_code, {{ month_index('min(month_start_date)') }} as month_index
    from {{ ref('int_plan__indicator_month') }}
    group by indicator_code

),

-- From which month on an indicator is recorded: a month after it without a row is one in which nothing came.
-- What is judged by assets is recorded as far back as they are, what a night computes from the first batch
-- on, and what the front office tells from the first that it told.
starts as (

    select
        indicators.indicator_code,
        least(
            coalesce(first_rows.month_index, 999999),
            case
                when indicators.indicator_code = 'lost_customers' then coalesce(assets.month_index, 999999)
                when indicators.indicator_code = 'visits' then 999999
                when indicators.indicator_code = 'opportunities_won_amt'
                    then case
                        when opened.month_index is not null and assets.month_index is not null
                            then greatest(opened.month_index, assets.month_index)
                        else 999999
                    end
                else {{ month_index('history.business_date') }}
            end
        ) as month_index
    from {{ ref('plan_indicators') }} as indicators
    cross join {{ ref('int_calendar__recorded_history') }} as history
    cross join (
        select {{ month_index('min(since_counted_date)') }} as month_index
        from {{ ref('int_opportunity__stay') }}
    ) as opened
    left join first_rows on indicators.indicator_code = first_rows.indicator_code
    left join first_rows as assets on assets.indicator_code = 'aum_end'

),

scoped as (

    select
        bounded.scope_type,
        bounded.scope_id,
        bounded.indicator_code,
        bounded.period_code,
        bounded.month_start_date,
        bounded.kind_code,
        bounded.first_index,
        bounded.last_index,
        bounded.period_months,
        facts.split_code,
        facts.part_code,
        facts.month_index,
        facts.actual_value
    from bounded
    inner join {{ ref('int_plan__scope') }} as scopes
        on bounded.scope_type = scopes.scope_type_code and bounded.scope_id = scopes.scope_id
    inner join leaf_facts as facts
        on
            scopes.scope_type_code = facts.scope_type
            and scopes.leaf_id = facts.leaf_id
            and bounded.indicator_code = facts.indicator_code
            and facts.month_index >= bounded.first_index - 36 - 1
            and facts.month_index <= bounded.last_index

),

parts as (

    select
        scope_type,
        scope_id,
        indicator_code,
        period_code,
        month_start_date,
        split_code,
        part_code,
        sum(
            case
                when kind_code = 'flow' and month_index >= first_index then actual_value
                when kind_code = 'balance' and month_index = last_index then actual_value
                else 0
            end
        ) as actual,
        sum(case when month_index = first_index - 1 then actual_value else 0 end) as opening_value,
        {% for back in [12, 24, 36] -%}
        sum(
            case
                when
                    kind_code = 'flow'
                    and month_index >= first_index - {{ back }}
                    and month_index < first_index - {{ back }} + period_months
                    then actual_value
                when kind_code = 'balance' and month_index = first_index - {{ back }} + period_months - 1
                    then actual_value
                else 0
            end
        ) as earlier_{{ back }}_value{{ ',' if not loop.last }}
        {% endfor %}
    from scoped
    group by scope_type, scope_id, indicator_code, period_code, month_start_date, split_code, part_code

),

-- whether what is compared with is recorded whole
known as (

    select
        bounded.scope_type,
        bounded.scope_id,
        bounded.indicator_code,
        bounded.period_code,
        bounded.month_start_date,
        starts.month_index <= bounded.first_index - 1 as is_opening_known,
        {% for back in [12, 24, 36] -%}
        starts.month_index <= bounded.first_index - {{ back }}
        + case when bounded.kind_code = 'flow' then 0 else bounded.period_months - 1 end
            as is_known_{{ back }}{{ ',' if not loop.last }}
        {% endfor %}
    from bounded
    inner join starts on bounded.indicator_code = starts.indicator_code

)

select
    bounded.scope_type,
    bounded.scope_id,
    bounded.indicator_code,
    bounded.kind_code,
    bounded.period_code,
    bounded.month_start_date,
    {{ month_from_index('bounded.first_index') }} as period_start_date,
    {{ add_days(month_from_index('bounded.first_index + bounded.period_months'), -1) }} as period_end_date,
    ways.split_code,
    coalesce(parts.part_code, 'none') as part_code,
    ways.is_whole,
    coalesce(parts.actual, 0) as actual,
    case when known.is_opening_known then coalesce(parts.opening_value, 0) end as opening_value,
    case when known.is_known_12 then coalesce(parts.earlier_12_value, 0) end as earlier_12_value,
    case when known.is_known_24 then coalesce(parts.earlier_24_value, 0) end as earlier_24_value,
    case when known.is_known_36 then coalesce(parts.earlier_36_value, 0) end as earlier_36_value
from bounded
inner join known
    on
        bounded.scope_type = known.scope_type
        and bounded.scope_id = known.scope_id
        and bounded.indicator_code = known.indicator_code
        and bounded.period_code = known.period_code
        and bounded.month_start_date = known.month_start_date
cross join (
    select 'tier' as split_code, true as is_whole
    union all
    select 'product_line' as split_code, false as is_whole
) as ways
left join parts
    on
        ways.split_code = parts.split_code
        and bounded.scope_type = parts.scope_type
        and bounded.scope_id = parts.scope_id
        and bounded.indicator_code = parts.indicator_code
        and bounded.period_code = parts.period_code
        and bounded.month_start_date = parts.month_start_date
