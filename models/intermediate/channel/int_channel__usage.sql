-- One row per customer, channel and day: what was done in the channel, with the night that brought it.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

{{ logged(
    ref('stg_core_banking__channel_usages'),
    key=['customer_id', 'channel_code', 'usage_date'],
    columns=['login_cnt', 'txn_cnt'],
) }}
