-- One row per account × product, loan or card of an org that bears a cost pool, and month: what it counts as under
-- each driver. Accounts and customers count in millionths: an account with several products, and a customer with
-- several accounts at the org, is one, spread evenly.

{{ config(materialized='view') }}

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
        lines.customer_id,
        lines.org_id,
        lines.month_start_date,
        lines.average_cents,
        lines.transaction_cnt,
        pool_orgs.has_customer_pool
    from {{ ref('int_contribution__line') }} as lines
    inner join pool_orgs
        on lines.org_id = pool_orgs.bearing_org_id and lines.month_start_date = pool_orgs.month_start_date

),

products_of_account as (

    select account_id, source_code, month_start_date, count(*) as line_cnt
    from lines
    where source_code = 'investment'
    group by account_id, source_code, month_start_date

),

lines_of_customer as (

    select customer_id, org_id, month_start_date, count(*) as line_cnt
    from lines
    where has_customer_pool = 1
    group by customer_id, org_id, month_start_date

)

select
    lines.account_id,
    lines.product_code,
    lines.source_code,
    lines.org_id,
    lines.month_start_date,
    {{ round_units('cast(1000000 as bigint)', 'coalesce(products_of_account.line_cnt, 1)') }} as accounts_weight,
    cast(lines.transaction_cnt as bigint) as transactions_weight,
    greatest(lines.average_cents, 0) as balances_weight,
    coalesce({{ round_units('cast(1000000 as bigint)', 'lines_of_customer.line_cnt') }}, 0) as customers_weight
from lines
left join products_of_account
    on
        lines.account_id = products_of_account.account_id
        and lines.month_start_date = products_of_account.month_start_date
        and lines.source_code = products_of_account.source_code
left join lines_of_customer
    on
        lines.customer_id = lines_of_customer.customer_id
        and lines.org_id = lines_of_customer.org_id
        and lines.month_start_date = lines_of_customer.month_start_date
