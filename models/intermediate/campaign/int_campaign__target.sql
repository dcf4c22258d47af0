-- One row per campaign and customer whom it chose, with the night that brought it.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

{{ logged(
    ref('stg_core_banking__campaign_targets'),
    key=['campaign_id', 'customer_id'],
    columns=['test_group_code', 'selected_at'],
) }}
