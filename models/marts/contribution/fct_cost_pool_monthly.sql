-- One row per cost pool, org, month of the cost and month in which it is spread: by what, over how much of it.
-- A driver that nothing has (no transactions in the month, say) gives way to the number of accounts.

{{ config(meta={
    'grain': ['cost_pool_id', 'org_id', 'cost_month_date', 'month_start_date'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_contribution__month') }}

),

pool_orgs as (

    select * from {{ ref('int_contribution__pool_org') }}

),

org_totals as (

    select
        org_id,
        month_start_date,
        count(*) as line_cnt,
        sum(accounts_weight) as accounts_total,
        sum(transactions_weight) as transactions_total,
        sum(balances_weight) as balances_total,
        sum(customers_weight) as customers_total
    from {{ ref('int_contribution__driver') }}
    group by org_id, month_start_date

),

pool_totals as (

    select
        pool_orgs.cost_pool_id,
        pool_orgs.org_id,
        pool_orgs.cost_month_date,
        pool_orgs.month_start_date,
        sum(org_totals.line_cnt) as line_cnt,
        sum(org_totals.accounts_total) as accounts_total,
        sum(
            case pool_orgs.driver_code
                when 'transactions' then org_totals.transactions_total
                when 'balances' then org_totals.balances_total
                when 'customers' then org_totals.customers_total
                else org_totals.accounts_total
            end
        ) as driver_total
    from pool_orgs
    inner join org_totals
        on
            pool_orgs.bearing_org_id = org_totals.org_id
            and pool_orgs.month_start_date = org_totals.month_start_date
    group by
        pool_orgs.cost_pool_id,
        pool_orgs.org_id,
        pool_orgs.cost_month_date,
        pool_orgs.month_start_date

),

spread as (

    select
        pools.cost_pool_id,
        pools.org_id,
        pools.cost_month_date,
        pools.month_start_date,
        pools.driver_code,
        case when pool_totals.driver_total > 0 then pools.driver_code else 'accounts' end as applied_driver_code,
        pools.cost_amt,
        case when pool_totals.driver_total > 0 then pool_totals.driver_total else pool_totals.accounts_total end
            as driver_total,
        pool_totals.line_cnt,
        months.is_provisional
    from {{ ref('int_contribution__cost_pool') }} as pools
    inner join months on pools.month_start_date = months.month_start_date
    left join pool_totals
        on
            pools.cost_pool_id = pool_totals.cost_pool_id
            and pools.org_id = pool_totals.org_id
            and pools.cost_month_date = pool_totals.cost_month_date
            and pools.month_start_date = pool_totals.month_start_date

)

select
    -- ids
    cost_pool_id,
    org_id,

    -- codes
    driver_code,
    applied_driver_code,

    -- dates
    cost_month_date,
    month_start_date,

    -- measures
    cast(cost_amt as {{ amount_type() }}) as cost_amt,
    cast(case when line_cnt > 0 then cost_amt else 0 end as {{ amount_type() }}) as allocated_amt,
    cast(coalesce(driver_total, 0) as decimal(38, 0)) as driver_total,
    cast(coalesce(line_cnt, 0) as bigint) as line_count,

    -- flags
    is_provisional

from spread
