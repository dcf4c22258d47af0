-- One row per assignment and version: what the bank said of who looks after a customer, from when to when.

{{ config(
    materialized='incremental', meta={'grain': ['assignment_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__assignments'), 'assignment',
    key=['assignment_id'],
    attributes=[
        'customer_id', 'employee_id', 'org_id', 'role_code', 'change_reason_code', 'participation_share',
        'valid_from_date', 'valid_to_date', 'recorded_at',
    ],
) }}
