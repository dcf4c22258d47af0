-- One row per ratio parameter and version: what the bank said of sellers' and referrers' ratios, from when to
-- when.

{{ config(
    materialized='incremental',
    meta={
        'grain': ['scope_type_code', 'scope_id', 'sales_product_code', 'valid_from_date', 'known_from_date'],
        'carried': 'versions',
    },
) }}

{{ versioned(
    "(select *, 'U' as op_code from " ~ ref('stg_core_banking__sales_ratio_params') ~ ") as ratios",
    'sales_ratio_param',
    key=['scope_type_code', 'scope_id', 'sales_product_code', 'valid_from_date'],
    attributes=['valid_to_date', 'seller_ratio', 'referrer_ratio'],
) }}
