-- One row per pending customer and version: since which night nobody looks after him, for which reason.

{{ config(
    materialized='incremental', meta={'grain': ['customer_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    "(select *, 'U' as op_code from " ~ ref('int_ownership__pending') ~ ") as pending", none,
    key=['customer_id'],
    attributes=['reason_code'],
    is_whole=true,
) }}
