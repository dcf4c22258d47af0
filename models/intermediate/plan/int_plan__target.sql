-- One row per target of a plan and version, with the night that brought it.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

{{ logged(
    ref('stg_core_banking__plan_targets'),
    key=['scope_type_code', 'scope_id', 'indicator_code', 'period_code', 'plan_version'],
    columns=['target_value'],
) }}
