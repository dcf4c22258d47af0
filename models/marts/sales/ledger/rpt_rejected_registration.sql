-- One row per registration that was rejected (被拒登记), with the reason; it stands until it is revoked or the
-- trade is cancelled.

{{ config(materialized='table', meta={'grain': ['registration_id'], 'cut': 'employee'}) }}

select
    -- ids
    registration_id,
    trade_id,
    customer_id,
    sales_org_id,
    employee_id,
    registered_by_id,
    registered_org_id,

    -- codes
    claim_code as reason_code,
    actor_role_code,
    source_code,
    sales_product_code,
    currency_code,

    -- dates
    trade_date,
    registered_at,
    registered_date,

    -- measures
    credit_ratio as claimed_ratio,
    amount_amt as trade_amt,
    {{ days_between('registered_date', business_date()) }} as age_days

from {{ ref('int_sales__claim_versions') }}
where known_to_date is null and claim_code <> 'dispute'
