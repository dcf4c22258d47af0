-- One row per card transaction, with the night that brought it; a transaction sent twice counts once,
-- whatever date it has the second time. What a month is closed with is told by the night that closes it.

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
    case
        when tonight.txn_id in (select txn_id from {{ source('pipeline', 'told_later_card_txn') }})
            then {{ next_batch_date() }}
        else {{ business_date() }}
    end as told_date,

    -- measures
    tonight.amount_ccy_amt,

    -- flags
    tonight.is_consumption

from tonight
{% if has_state() %}
left join (
    {{ told_before(this, 'txn_id', since=oldest_event_night()) }}
) as earlier on tonight.txn_id = earlier.txn_id
where earlier.txn_id is null
{% endif %}
