-- One row per account and version: what the bank said of the account, from when to when.

{{ config(
    materialized='incremental', meta={'grain': ['account_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__accounts'), 'account',
    key=['account_id'],
    attributes=[
        'customer_id', 'product_code', 'org_id', 'currency_code', 'status_code', 'open_date', 'close_date',
        'maturity_date', 'interest_rate',
    ],
) }}
