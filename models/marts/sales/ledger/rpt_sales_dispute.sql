-- One row per registration that disputes what the system credited (业绩争议): somebody of the outlet says to have
-- sold what was credited to the customer's manager. It stands until a manager settles it or it is revoked.

{{ config(materialized='table', meta={'grain': ['registration_id'], 'cut': 'employee'}) }}

select
    -- ids
    registration_id,
    trade_id,
    customer_id,
    sales_org_id,
    employee_id,
    registered_by_id,
    credited_employee_id,

    -- codes
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
where known_to_date is null and claim_code = 'dispute'
