-- One row per card and version: what the bank said of the card, from when to when.

{{ config(
    materialized='incremental', meta={'grain': ['card_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__cards'), 'card',
    key=['card_id'],
    attributes=[
        'customer_id', 'org_id', 'manager_id', 'product_code', 'card_kind_code', 'card_grade_code',
        'status_code', 'issue_date', 'expiry_date', 'credit_limit_ccy_amt',
    ],
) }}
