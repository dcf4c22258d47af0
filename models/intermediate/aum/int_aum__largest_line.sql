-- One row per customer with AUM tonight: what part of it is in the product line that holds most of it.

{{ config(materialized='table') }}

with by_line as (

    select
        holdings.customer_id,
        products.product_line_code,
        sum(holdings.aum_plain_amt) as plain_amt,
        sum(holdings.aum_fine_amt) as fine_amt
    from {{ by_survivor(ref('int_aum__holding_day')) }} as holdings
    inner join {{ ref('stg_core_banking__products') }} as products
        on holdings.product_code = products.product_code
    where
        holdings.business_date = {{ business_date() }}
        and holdings.month_start_date = {{ month_start(business_date()) }}
    group by holdings.customer_id, products.product_line_code

),

rounded as (

    select customer_id, {{ total_cents(round_amount('plain_amt', 'fine_amt')) }} as line_cents
    from by_line

),

totals as (

    select customer_id, max(line_cents) as largest_cents, sum(line_cents) as all_cents
    from rounded
    group by customer_id

)

select
    customer_id,
    {{ ratio('largest_cents', 'all_cents') }} as largest_line_share
from totals
where all_cents > 0
