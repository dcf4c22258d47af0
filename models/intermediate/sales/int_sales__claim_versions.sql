-- One row per registration that was rejected or disputes a credit, and version: from when to when it stood
-- so.

{{ config(
    materialized='incremental', meta={'grain': ['registration_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('int_sales__claim'), none,
    key=['registration_id'],
    attributes=[
        'trade_id', 'customer_id', 'employee_id', 'registered_by_id', 'registered_org_id', 'sales_org_id',
        'credited_employee_id', 'claim_code', 'actor_role_code', 'source_code', 'sales_product_code',
        'currency_code', 'registered_at', 'registered_date', 'trade_date', 'credit_ratio', 'amount_amt',
    ],
) }}
