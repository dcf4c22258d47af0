-- One row per customer, purpose and version: what the customer agreed to, from when to when.

{{ config(
    materialized='incremental',
    meta={'grain': ['customer_id', 'purpose_code', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__consents'), 'consent',
    key=['customer_id', 'purpose_code'],
    attributes=['granted_at', 'withdrawn_at'],
) }}
