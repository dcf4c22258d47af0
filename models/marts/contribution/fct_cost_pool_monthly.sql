-- One row per cost pool, org, month of the cost, org whose business bears it and month in which it is spread:
-- by what, over how much of it. A driver that nothing has (no transactions in the month, say) gives way to
-- the number of accounts.

{{ config(meta={
    'grain': ['cost_pool_id', 'org_id', 'cost_month_date', 'bearing_org_id', 'month_start_date'],
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

part_totals as (

    select
        pool_orgs.cost_pool_id,
        pool_orgs.org_id,
        pool_orgs.part_org_id,
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
        pool_orgs.part_org_id,
        pool_orgs.cost_month_date,
        pool_orgs.month_start_date

),

spread as (

    select
        parts.cost_pool_id,
        parts.org_id,
        parts.part_org_id,
        parts.cost_month_date,
        parts.month_start_date,
        parts.driver_code,
        case when part_totals.driver_total > 0 then parts.driver_code else 'accounts' end
            as applied_driver_code,
        parts.part_days,
        parts.cost_cents,
        parts.counted_cents,
        case
            when part_totals.driver_total > 0 then part_totals.driver_total
            else part_totals.accounts_total
        end as driver_total,
        part_totals.line_cnt,
        months.is_provisional,
        months.is_partial_month
    from {{ ref('int_contribution__pool_part') }} as parts
    inner join months on parts.month_start_date = months.month_start_date
    left join part_totals
        on
            parts.cost_pool_id = part_totals.cost_pool_id
            and parts.org_id = part_totals.org_id
            and parts.part_org_id = part_totals.part_org_id
            and parts.cost_month_date = part_totals.cost_month_date
            and parts.month_start_date = part_totals.month_start_date

)

select
    -- ids
    cost_pool_id,
    org_id,
    part_org_id as bearing_org_id,

    -- codes
    driver_code,
    applied_driver_code,

    -- dates
    cost_month_date,
    month_start_date,

    -- measures
    cast(part_days as integer) as bearing_days,
    {{ cents_amount('cost_cents') }} as cost_amt,
    {{ cents_amount('counted_cents') }} as counted_amt,
    {{ cents_amount('(case when line_cnt > 0 then counted_cents else 0 end)') }} as allocated_amt,
    {{ driver_count('coalesce(driver_total, 0)', 'applied_driver_code', 'decimal(28, 6)') }} as driver_total,
    cast(coalesce(line_cnt, 0) as bigint) as line_cnt,
    cast(coalesce(line_cnt, 0) as bigint) as line_count,

    -- flags
    is_provisional,
    is_partial_month

from spread
