-- One row per trade and version: how it stood with its credit, from when to when.

{{ config(
    materialized='incremental', meta={'grain': ['trade_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    "(select *, 'U' as op_code from " ~ ref('int_sales__attribution') ~ ") as attribution", none,
    key=['trade_id'],
    attributes=[
        'customer_id', 'product_code', 'trade_org_id', 'sales_org_id', 'sales_product_code',
        'rulebook_version', 'currency_code', 'amount_reporting_amt', 'fee_income_reporting_amt', 'state_code',
        'rule_code', 'reason_code', 'trade_date', 'wait_end_date', 'amount_amt', 'fee_income_amt',
        'is_disputed',
    ],
) }}
