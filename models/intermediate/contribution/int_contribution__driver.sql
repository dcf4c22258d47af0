-- One row per account × product, loan or card of an org that bears a cost pool, and month: what it counts as
-- under each driver, in millionths, balances in cents. An account with several products, and a customer with
-- several accounts at the org, is one, spread evenly; an account that the org kept for a part of the month
-- counts for its days.

{{ config(materialized='view', tags=['night']) }}

with pool_orgs as (

    select
        bearing_org_id,
        month_start_date,
        max(case when driver_code = 'customers' then 1 else 0 end) as has_customer_pool
    from {{ ref('int_contribution__pool_org') }}
    group by bearing_org_id, month_start_date

),

lines as (

    select
        lines.account_id,
        lines.product_code,
        lines.source_code,
        {{ register_of('lines.source_code') }} as register_code,
        lines.customer_id,
        lines.org_id,
        lines.month_start_date,
        lines.average_cents,
        coalesce(lines.held_days, 1) as held_days,
        coalesce(lines.open_days, 1) as open_days,
        pool_orgs.has_customer_pool
    from {{ ref('int_contribution__line') }} as lines
    inner join pool_orgs
        on lines.org_id = pool_orgs.bearing_org_id and lines.month_start_date = pool_orgs.month_start_date

),

products_of_account as (

    select account_id, org_id, source_code, month_start_date, count(*) as line_cnt
    from lines
    where source_code = 'investment'
    group by account_id, org_id, source_code, month_start_date

),

lines_of_customer as (

    select customer_id, org_id, month_start_date, count(*) as line_cnt
    from lines
    where has_customer_pool = 1
    group by customer_id, org_id, month_start_date

),

counted as (

    select
        lines.*,
        coalesce(products_of_account.line_cnt, 1) as account_line_cnt,
        lines_of_customer.line_cnt as customer_line_cnt,
        coalesce(transactions.transaction_cnt, 0) as transaction_cnt
    from lines
    left join products_of_account
        on
            lines.account_id = products_of_account.account_id
            and lines.org_id = products_of_account.org_id
            and lines.month_start_date = products_of_account.month_start_date
            and lines.source_code = products_of_account.source_code
    left join lines_of_customer
        on
            lines.customer_id = lines_of_customer.customer_id
            and lines.org_id = lines_of_customer.org_id
            and lines.month_start_date = lines_of_customer.month_start_date
    left join {{ ref('int_contribution__transaction_month') }} as transactions
        on
            lines.register_code = transactions.register_code
            and lines.account_id = transactions.account_id
            and lines.org_id = transactions.org_id
            and lines.month_start_date = transactions.month_start_date
            and transactions.business_date = {{ business_date() }}

)

select
    account_id,
    product_code,
    source_code,
    org_id,
    month_start_date,
    {{ round_units('(cast(1000000 as bigint) * held_days)', 'account_line_cnt * open_days') }}
        as accounts_weight,
    {{ round_units('(cast(1000000 as bigint) * transaction_cnt)', 'account_line_cnt') }}
        as transactions_weight,
    greatest(average_cents, 0) as balances_weight,
    coalesce({{ round_units('(cast(1000000 as bigint) * held_days)', 'customer_line_cnt * open_days') }}, 0)
        as customers_weight
from counted
