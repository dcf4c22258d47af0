-- One row per contact with a customer, with the night that brought it.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

{{ logged(
    ref('stg_core_banking__contacts'),
    key=['contact_id'],
    columns=[
        'customer_id', 'campaign_id', 'batch_id', 'channel_code', 'sent_at', 'is_delivered',
    ],
) }}
