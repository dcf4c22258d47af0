-- One row per change of an opportunity, with the night that brought it.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

{{ logged(
    ref('stg_core_banking__opportunity_changes'),
    key=['opportunity_id', 'changed_at'],
    columns=[
        'customer_id', 'owner_id', 'source_event_id', 'stage_code', 'expected_close_date', 'amount_amt',
        'probability_rate',
    ],
) }}
