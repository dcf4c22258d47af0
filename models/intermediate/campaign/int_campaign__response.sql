-- One row per response to a campaign, with the night that brought it.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

{{ logged(
    ref('stg_core_banking__campaign_responses'),
    key=['response_id'],
    columns=[
        'campaign_id', 'customer_id', 'product_code', 'event_type_code', 'event_at', 'amount_amt',
    ],
) }}
