-- One row per account × product, loan or card, cost pool and month: the cents of the pool that it bears, by largest
-- remainder, ties to the smallest account and product.

{{ config(materialized='view') }}

with pools as (

    select
        pool_orgs.cost_pool_id,
        pool_orgs.org_id as pool_org_id,
        pool_orgs.cost_month_date,
        pool_orgs.month_start_date,
        pool_orgs.bearing_org_id,
        pool_orgs.cost_cents,
        totals.applied_driver_code,
        {{ wide("totals.driver_total") }} as driver_total
    from {{ ref('int_contribution__pool_org') }} as pool_orgs
    inner join {{ ref('fct_cost_pool_monthly') }} as totals
        on
            pool_orgs.cost_pool_id = totals.cost_pool_id
            and pool_orgs.org_id = totals.org_id
            and pool_orgs.cost_month_date = totals.cost_month_date
            and pool_orgs.month_start_date = totals.month_start_date

),

weighted as (

    select
        drivers.account_id,
        drivers.product_code,
        drivers.source_code,
        drivers.month_start_date,
        pools.cost_pool_id,
        pools.pool_org_id,
        pools.cost_month_date,
        pools.applied_driver_code,
        pools.cost_cents,
        pools.driver_total,
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
        'weighted', 'cost_cents', 'weight', 'driver_total',
        ['cost_pool_id', 'pool_org_id', 'cost_month_date', 'month_start_date'],
        ['account_id', 'product_code', 'source_code'],
    ) }}

)

select
    account_id,
    product_code,
    source_code,
    month_start_date,
    cost_pool_id,
    applied_driver_code,
    weight,
    split_cents as allocated_cents
from shared
