-- One row per month that tonight computes, customer and debt: what is owed on loans of a product, or on
-- credit cards.

{{ config(materialized='view', tags=['night']) }}

select
    customer_id,
    product_code,
    case debt_code when 'card' then 'credit_card' else debt_code end as balance_class_code,
    month_start_date,
    cast(sum(balance_amt) as {{ amount_type() }}) as balance_amt
from {{ ref('int_customer__debt_month') }}
where business_date = {{ business_date() }}
group by customer_id, product_code, debt_code, month_start_date
