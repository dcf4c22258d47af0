-- One row per customer, related customer, kind of relation and version: what the bank said of the relation,
-- from when to when.

{{ config(
    materialized='incremental',
    meta={
        'grain': ['customer_id', 'related_id', 'relation_type_code', 'known_from_date'],
        'carried': 'versions',
    },
) }}

{{ versioned(
    ref('stg_core_banking__customer_relations'), 'customer_relation',
    key=['customer_id', 'related_id', 'relation_type_code'],
    attributes=['relation_share', 'valid_from', 'valid_to'],
) }}
