-- One row per campaign, product and version: whether the campaign sells the product, from when to when.

{{ config(
    materialized='incremental',
    meta={'grain': ['campaign_id', 'product_code', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__campaign_products'), 'campaign_product',
    key=['campaign_id', 'product_code'],
    attributes=[],
) }}
