-- One row per org or the bank, indicator, period, way of splitting and part (计划差异分析), as of the last business
-- date: the gap between what came and the target, split over the orgs below, the product lines, and the
-- tiers. The parts of each way add to the gap. A line or tier is held to its part of the same period of last
-- year, else of this one; an org below to its own target, and what lies in no such target is `own`.

{{ config(materialized='table', meta={
    'grain': ['scope_type', 'scope_id', 'indicator_code', 'period', 'split_code', 'part_code'],
}) }}

with plans as (

    select
        *,
        {{ total_cents('target') }} as target_cents,
        {{ total_cents('actual') }} as actual_cents
    from {{ ref('fct_plan_actual') }}
    where is_current_version and month_start_date = {{ month_start(business_date()) }}

),

tops as (

    select * from plans where scope_type <> 'employee'

),

-- the orgs just below
children as (

    select
        tops.scope_type,
        tops.scope_id,
        tops.indicator_code,
        tops.period,
        'org' as split_code,
        below.scope_id as part_code,
        below.target_cents as part_target_cents,
        below.actual_cents as part_actual_cents
    from tops
    inner join {{ ref('int_plan__current_target') }} as targets
        on
            tops.scope_type = targets.parent_type
            and (tops.scope_id = targets.parent_id or tops.scope_type = 'bank')
            and tops.indicator_code = targets.indicator_code
            and tops.period = targets.period_code
    inner join plans as below
        on
            targets.scope_id = below.scope_id
            and below.scope_type = 'org'
            and targets.indicator_code = below.indicator_code
            and targets.period_code = below.period

),

own as (

    select
        tops.scope_type,
        tops.scope_id,
        tops.indicator_code,
        tops.period,
        'org' as split_code,
        'own' as part_code,
        max(tops.target_cents) - sum(coalesce(children.part_target_cents, 0)) as part_target_cents,
        max(tops.actual_cents) - sum(coalesce(children.part_actual_cents, 0)) as part_actual_cents
    from tops
    left join children
        on
            tops.scope_type = children.scope_type
            and tops.scope_id = children.scope_id
            and tops.indicator_code = children.indicator_code
            and tops.period = children.period
    group by tops.scope_type, tops.scope_id, tops.indicator_code, tops.period

),

parts as (

    select
        tops.scope_type,
        tops.scope_id,
        tops.indicator_code,
        tops.period,
        tops.target_cents,
        parts.split_code,
        parts.part_code,
        {{ total_cents('parts.actual') }} as part_actual_cents,
        greatest({{ total_cents('coalesce(parts.earlier_12_value, 0)') }}, 0) as earlier_cents
    from tops
    inner join {{ ref('int_plan__actual') }} as parts
        on
            tops.scope_type = parts.scope_type
            and tops.scope_id = parts.scope_id
            and tops.indicator_code = parts.indicator_code
            and tops.period = parts.period_code
            and tops.month_start_date = parts.month_start_date

),

weighed as (

    select
        *,
        case
            when sum(earlier_cents) over whole > 0 then earlier_cents
            when sum(greatest(part_actual_cents, 0)) over whole > 0 then greatest(part_actual_cents, 0)
            -- nothing to go by: alike
            else 1
        end as weight
    from parts
    window whole as (partition by scope_type, scope_id, indicator_code, period, split_code)

),

totalled as (

    select
        scope_type,
        scope_id,
        indicator_code,
        period,
        split_code,
        part_code,
        part_actual_cents,
        cast(target_cents as {{ wide_type() }}) as target_cents,
        cast(weight as {{ wide_type() }}) as weight,
        cast(sum(weight) over (
            partition by scope_type, scope_id, indicator_code, period, split_code
        ) as {{ wide_type() }}) as total_weight
    from weighed

),

shares as (

    {{ split_cents(
        'totalled', 'target_cents', 'weight', 'total_weight',
        ['scope_type', 'scope_id', 'indicator_code', 'period', 'split_code'], ['part_code'],
    ) }}

),

split as (

    select * from children
    union all
    select * from own
    union all
    select
        totalled.scope_type,
        totalled.scope_id,
        totalled.indicator_code,
        totalled.period,
        totalled.split_code,
        totalled.part_code,
        coalesce(shares.split_cents, 0) as part_target_cents,
        totalled.part_actual_cents
    from totalled
    left join shares
        on
            totalled.scope_type = shares.scope_type
            and totalled.scope_id = shares.scope_id
            and totalled.indicator_code = shares.indicator_code
            and totalled.period = shares.period
            and totalled.split_code = shares.split_code
            and totalled.part_code = shares.part_code

)

select
    -- ids
    scope_id,

    -- codes
    scope_type,
    indicator_code,
    period,
    split_code,
    part_code,

    -- measures
    {{ wide_cents_amount('part_target_cents') }} as part_target,
    {{ wide_cents_amount('part_actual_cents') }} as part_actual,
    {{ wide_cents_amount('(part_actual_cents - part_target_cents)') }} as gap

from split
