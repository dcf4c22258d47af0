-- One row per customer, product and kind of holding as of the last business date: how much, since when, until
-- when, and what part it is of the customer's assets or debts.

{{ config(materialized='table', meta={'grain': ['customer_id', 'product_code', 'holding_code']}) }}

with holdings as (

    select
        customer_id,
        product_code,
        holding_code,
        min(product_line_code) as product_line_code,
        min(asset_class_code) as asset_class_code,
        min(since_date) as since_date,
        min(maturity_date) as next_maturity_date,
        sum(account_cnt) as account_cnt,
        sum({{ cents('balance_amt') }}) as balance_cents
    from {{ ref('int_holding__product_month') }}
    where month_start_date = {{ month_start(business_date()) }}
    group by customer_id, product_code, holding_code

),

parts as (

    select
        *,
        sum(balance_cents) over (
            partition by customer_id, case when holding_code in ('loan', 'card') then 'debt' else 'asset' end
        ) as side_cents
    from holdings

)

select
    -- ids
    customer_id,
    product_code,

    -- codes
    holding_code,
    product_line_code,
    asset_class_code,

    -- dates
    {{ business_date() }} as business_date,
    since_date,
    next_maturity_date,

    -- measures
    cast(account_cnt as integer) as account_cnt,
    {{ cents_amount('balance_cents') }} as balance_amt,
    {{ ratio('balance_cents', 'side_cents') }} as balance_share

from parts
