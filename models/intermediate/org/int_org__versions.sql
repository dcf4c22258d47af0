-- One row per org and version: what the bank said of its name, its place in the tree and who took it over,
-- from when to when.

{{ config(
    materialized='incremental', meta={'grain': ['org_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    "(select *, 'U' as op_code from " ~ ref('int_org__told') ~ ") as orgs", 'org',
    key=['org_id'],
    attributes=[
        'org_name', 'org_level_code', 'parent_org_id', 'successor_org_id', 'region_code', 'open_date',
        'close_date',
    ],
) }}
