-- One row per customer, channel and version: what the bank said of the contract, from when to when.

{{ config(
    materialized='incremental',
    meta={'grain': ['customer_id', 'channel_code', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__channel_contracts'), 'channel_contract',
    key=['customer_id', 'channel_code'],
    attributes=['sign_date', 'cancel_date', 'org_id'],
) }}
