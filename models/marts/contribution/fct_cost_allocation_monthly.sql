-- One row per cost pool (of an org, a month of the cost and the org that bears it), account × product, loan
-- or card, org and calendar month: the part of the pool that the line bears, pool × driver_count /
-- driver_total, by largest remainder at the cent, ties to the smallest account, product and org.

{{ config(meta={
    'grain': [
        'cost_pool_id', 'pool_org_id', 'cost_month_date', 'bearing_org_id', 'account_id', 'product_code',
        'org_id', 'month_start_date',
    ],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

totals as (

    select totals.*
    from {{ ref('fct_cost_pool_monthly') }} as totals
    inner join months on totals.month_start_date = months.month_start_date

),

pools as (

    select
        pool_orgs.cost_pool_id,
        pool_orgs.org_id as pool_org_id,
        pool_orgs.part_org_id,
        pool_orgs.cost_month_date,
        pool_orgs.month_start_date,
        pool_orgs.bearing_org_id,
        pool_orgs.counted_cents,
        totals.applied_driver_code,
        totals.driver_total,
        {{ wide(
            'totals.driver_total * case when totals.applied_driver_code = ' ~ "'balances'"
            ~ ' then 100 else 1000000 end'
        ) }} as weight_total
    from {{ ref('int_contribution__pool_org') }} as pool_orgs
    inner join totals
        on
            pool_orgs.cost_pool_id = totals.cost_pool_id
            and pool_orgs.org_id = totals.org_id
            and pool_orgs.part_org_id = totals.bearing_org_id
            and pool_orgs.cost_month_date = totals.cost_month_date
            and pool_orgs.month_start_date = totals.month_start_date

),

weighted as (

    select
        drivers.account_id,
        drivers.product_code,
        drivers.org_id,
        drivers.month_start_date,
        pools.cost_pool_id,
        pools.pool_org_id,
        pools.part_org_id,
        pools.cost_month_date,
        pools.applied_driver_code,
        pools.counted_cents,
        pools.driver_total,
        pools.weight_total,
        case pools.applied_driver_code
            when 'transactions' then drivers.transactions_weight
            when 'balances' then drivers.balances_weight
            when 'customers' then drivers.customers_weight
            else drivers.accounts_weight
        end as weight
    from {{ ref('int_contribution__driver') }} as drivers
    inner join pools
        on
            drivers.org_id = pools.bearing_org_id
            and drivers.month_start_date = pools.month_start_date

),

shared as (

    {{ split_cents(
        'weighted', 'counted_cents', 'weight', 'weight_total',
        ['cost_pool_id', 'pool_org_id', 'part_org_id', 'cost_month_date', 'month_start_date'],
        ['account_id', 'product_code', 'org_id'],
    ) }}

)

select
    -- ids
    cost_pool_id,
    pool_org_id,
    part_org_id as bearing_org_id,
    account_id,
    product_code,
    org_id,

    -- codes
    applied_driver_code as driver_code,

    -- dates
    cost_month_date,
    month_start_date,

    -- measures
    {{ driver_count('weight', 'applied_driver_code') }} as driver_count,
    driver_total,
    {{ cents_amount('split_cents') }} as cost_amt

from shared
