-- One row per loan and version: what the bank said of the loan, from when to when.

{{ config(
    materialized='incremental', meta={'grain': ['loan_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__loans'), 'loan',
    key=['loan_id'],
    attributes=[
        'customer_id', 'product_code', 'org_id', 'manager_id', 'loan_class_code', 'currency_code',
        'start_date', 'maturity_date', 'principal_ccy_amt', 'interest_rate',
    ],
) }}
