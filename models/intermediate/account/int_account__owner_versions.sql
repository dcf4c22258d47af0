-- One row per joint account, owner and version: the owner's share, from when to when.

{{ config(
    materialized='incremental',
    meta={'grain': ['account_id', 'customer_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__account_owners'), 'account_owner',
    key=['account_id', 'customer_id'],
    attributes=['ownership_share'],
) }}
