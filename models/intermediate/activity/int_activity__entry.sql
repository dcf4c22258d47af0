-- One row per customer-initiated transaction, owner and night: all but interest and fees, at the owner's
-- share, in CNY. A reversal has no row; the night that brings it writes the rows of its original once more
-- with the opposite sign, on the original's day. Owners stay under the number that was told of. Kept as long
-- as an original is sought, and as long again as a night may be run anew.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
    post_hook="delete from {{ this }} where business_date < {{ add_days(
        business_date(), '-' ~ oldest_event_days() ~ ' - ' ~ replayed_days()
    ) }}",
) }}

with tonight as (

    -- what a month was closed with is there a second time, with the business date of the closing
    select * from {{ ref('int_flow__told') }} where business_date = {{ business_date() }}

),

-- reversals of tonight, and those that came before their original
reversals as (

    select distinct reversed_txn_id
    from {{ ref('int_account__transaction') }}
    where is_reversal and business_date >= {{ oldest_event_night() }}

),

made as (

    select tonight.*
    from tonight
    left join reversals on tonight.txn_id = reversals.reversed_txn_id
    where
        not tonight.is_reversal
        and tonight.flow_code not in ('interest', 'fee')
        and reversals.reversed_txn_id is null

),

{% if has_state() %}

taken_back as (

    select
        entries.txn_id,
        entries.customer_id,
        entries.txn_type_code,
        entries.flow_code,
        entries.flow_direction_code,
        entries.channel_code,
        entries.currency_code,
        entries.txn_date,
        sum(entries.amount_amt) as amount_amt
    from {{ this }} as entries
    inner join (
        select distinct reversed_txn_id from tonight where is_reversal
    ) as reversed on entries.txn_id = reversed.reversed_txn_id
    group by 1, 2, 3, 4, 5, 6, 7, 8
    having sum(entries.txn_cnt) > 0

),

{% endif %}

entries as (

    select
        txn_id,
        customer_id,
        txn_type_code,
        flow_code,
        flow_direction_code,
        channel_code,
        currency_code,
        txn_date,
        1 as txn_cnt,
        abs(signed_amt) as amount_amt
    from made
    {% if has_state() %}
    union all
    select
        txn_id,
        customer_id,
        txn_type_code,
        flow_code,
        flow_direction_code,
        channel_code,
        currency_code,
        txn_date,
        -1 as txn_cnt,
        -amount_amt as amount_amt
    from taken_back
    {% endif %}

)

select
    -- ids
    txn_id,
    customer_id,

    -- codes
    txn_type_code,
    flow_code,
    flow_direction_code,
    channel_code,
    currency_code,

    -- dates
    txn_date,
    {{ business_date() }} as business_date,

    -- measures
    cast(txn_cnt as integer) as txn_cnt,
    cast(amount_amt as {{ amount_type() }}) as amount_amt

from entries
