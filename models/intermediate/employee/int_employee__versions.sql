-- One row per employee and version: the name, org, post and employment that the bank said, from when to when.

{{ config(
    materialized='incremental', meta={'grain': ['employee_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    "(select *, 'U' as op_code from " ~ ref('stg_core_banking__employees') ~ ") as employees", 'employee',
    key=['employee_id'],
    attributes=['employee_name', 'org_id', 'post_code', 'status_code', 'hired_date', 'left_date'],
) }}
