-- One row per change of orgs, with the night that brought it.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

{{ logged(
    ref('stg_core_banking__org_changes'),
    key=['change_id'],
    columns=[
        'old_org_id', 'new_org_id', 'change_type_code', 'change_date',
    ],
) }}
