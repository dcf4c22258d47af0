-- One row per campaign and version: what the bank said of the campaign, from when to when.

{{ config(
    materialized='incremental',
    meta={'grain': ['campaign_id', 'known_from_date'], 'carried': 'versions'},
) }}

{{ versioned(
    ref('stg_core_banking__campaigns'), 'campaign',
    key=['campaign_id'],
    attributes=[
        'campaign_type_code', 'channel_code', 'org_id', 'start_date', 'end_date', 'cost_amt',
    ],
) }}
