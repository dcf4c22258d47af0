-- One row per case and version: what the bank said of the case, from when to when.

{{ config(
    materialized='incremental',
    meta={'grain': ['case_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__service_cases'), 'service_case',
    key=['case_id'],
    attributes=[
        'customer_id', 'case_type_code', 'opened_at', 'first_reply_at', 'closed_at', 'score',
    ],
) }}
