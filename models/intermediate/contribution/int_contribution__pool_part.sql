-- One row per cost pool, month and org whose business bears it: the pool's own org until it closes, from the
-- day of a merger (机构撤并) its successor, each for its days of the month.

{{ config(materialized='table') }}

with pools as (

    select
        pools.cost_pool_id,
        pools.org_id,
        pools.driver_code,
        pools.cost_month_date,
        pools.month_start_date,
        {{ cents('pools.cost_amt') }} as cost_cents,
        months.recorded_from_date,
        months.month_end_date,
        months.recorded_days,
        months.month_days
    from {{ ref('int_contribution__cost_pool') }} as pools
    inner join {{ ref('int_contribution__month') }} as months
        on pools.month_start_date = months.month_start_date

),

in_days as (

    select
        pools.*,
        coalesce(successions.resolved_org_id, pools.org_id) as part_org_id,
        coalesce({{ days_between(
            'greatest(pools.recorded_from_date, successions.from_date)',
            'least(' ~ add_days('pools.month_end_date', 1) ~ ', successions.to_date)'
        ) }}, pools.recorded_days) as part_days
    from pools
    left join {{ ref('int_org__succession') }} as successions on pools.org_id = successions.org_id

),

parts as (

    select
        cost_pool_id,
        org_id,
        driver_code,
        cost_month_date,
        month_start_date,
        part_org_id,
        cost_cents,
        recorded_days,
        month_days,
        sum(part_days) as part_days
    from in_days
    where part_days > 0
    group by
        cost_pool_id,
        org_id,
        driver_code,
        cost_month_date,
        month_start_date,
        part_org_id,
        cost_cents,
        recorded_days,
        month_days

),

shared as (

    {{ split_cents(
        'parts', 'cost_cents', 'part_days', 'recorded_days',
        ['cost_pool_id', 'org_id', 'cost_month_date', 'month_start_date'], ['part_org_id'],
    ) }}

)

select
    -- ids
    cost_pool_id,
    org_id,
    part_org_id,

    -- codes
    driver_code,

    -- dates
    cost_month_date,
    month_start_date,

    -- measures: the part of the cost, and what counts of it where only some days of the month are recorded
    part_days,
    split_cents as cost_cents,
    {{ round_units(wide('split_cents') ~ ' * recorded_days', 'month_days') }} as counted_cents

from shared
