-- One row per customer, source and version: the manager whom loans or cards name, from which night to which.

{{ config(
    materialized='incremental',
    meta={'grain': ['customer_id', 'source_code', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    "(select *, 'U' as op_code from " ~ ref('int_ownership__named') ~ ") as named", 'loan_balance',
    key=['customer_id', 'source_code'],
    attributes=['employee_id', 'org_id', 'role_code', 'begin_date', 'participation_share'],
) }}
