-- One row per card transaction, with the night that brought it; a transaction sent twice counts once.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with tonight as (

    select * from {{ ref('stg_core_banking__card_transactions') }}

)

select
    -- ids
    tonight.txn_id,
    tonight.card_id,
    tonight.reversed_txn_id,

    -- dates
    tonight.txn_date,
    {{ business_date() }} as business_date,

    -- measures
    tonight.amount_ccy_amt,

    -- flags
    tonight.is_consumption

from tonight
{% if has_state() %}
left join (
    select txn_id
    from {{ this }}
    -- no night brings a transaction before its day
    where business_date >= (select min(txn_date) from tonight)
) as earlier on tonight.txn_id = earlier.txn_id
where earlier.txn_id is null
{% endif %}
