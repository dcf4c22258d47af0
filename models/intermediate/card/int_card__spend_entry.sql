-- One row per credit-card customer, month, month of booking and night: spending that the night brought for the
-- month. A reversal takes its amount off the month of the purchase that it reverses, so that no month is left with a
-- reversal and no purchase; figures of months that ended before the reversal keep the purchase.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with tonight as (

    select * from {{ ref('int_card__transactions') }} where business_date = {{ business_date() }}

),

credit_cards as (

    select * from {{ by_survivor(ref('int_card__versions')) }} where known_to_date is null and card_kind_code = 'credit'

),

purchases as (

    select
        card_id,
        {{ month_start('txn_date') }} as month_start_date,
        {{ month_start('txn_date') }} as booked_month_date,
        cast(amount_ccy_amt as decimal(38, 2)) as spend_amt
    from tonight
    where is_consumption and reversed_txn_id is null

),

reversals as (

    select
        purchase.card_id,
        {{ month_start('purchase.txn_date') }} as month_start_date,
        {{ month_start('reversal.txn_date') }} as booked_month_date,
        -cast(abs(reversal.amount_ccy_amt) as decimal(38, 2)) as spend_amt
    from tonight as reversal
    inner join {{ ref('int_card__transactions') }} as purchase
        on reversal.reversed_txn_id = purchase.txn_id
    where
        purchase.is_consumption
        and purchase.business_date >= {{ oldest_event_night() }}

),

-- reversals that came before the purchase, which tonight brings
early_reversals as (

    select
        purchase.card_id,
        {{ month_start('purchase.txn_date') }} as month_start_date,
        {{ month_start('reversal.txn_date') }} as booked_month_date,
        -cast(abs(reversal.amount_ccy_amt) as decimal(38, 2)) as spend_amt
    from tonight as purchase
    inner join {{ ref('int_card__transactions') }} as reversal
        on purchase.txn_id = reversal.reversed_txn_id
    where
        purchase.is_consumption
        and reversal.business_date >= {{ oldest_event_night() }}
        and reversal.business_date < {{ business_date() }}

),

entries as (

    select * from purchases
    union all
    select * from reversals
    union all
    select * from early_reversals

)

select
    -- ids
    credit_cards.customer_id,

    -- dates
    entries.month_start_date,
    entries.booked_month_date,
    {{ business_date() }} as business_date,

    -- measures
    cast(sum(entries.spend_amt) as {{ amount_type() }}) as spend_amt

from entries
inner join credit_cards on entries.card_id = credit_cards.card_id
group by credit_cards.customer_id, entries.month_start_date, entries.booked_month_date
