-- One row per credit-card customer, month, month of booking and night: spending that the night brought for
-- the month. A reversal takes its amount off the month of the purchase that it reverses, so that no month is
-- left with a reversal and no purchase; figures of months that ended before the reversal keep the purchase.
-- In whatever order they come, they count once the purchase and all between are there. Customers stay under
-- the number that was told of.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with recursive tonight as (

    select * from {{ ref('int_card__transactions') }} where business_date = {{ business_date() }}

),

credit_cards as (

    select * from {{ ref('int_card__versions') }} where known_to_date is null and card_kind_code = 'credit'

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

-- what takes another transaction back, of as long ago as its purchase is sought
taking_back as (

    select txn_id, reversed_txn_id, txn_date, amount_ccy_amt, business_date
    from {{ ref('int_card__transactions') }}
    where reversed_txn_id is not null and business_date >= {{ oldest_event_night() }}

),

-- of those, what tonight brings, and what came before the transaction that it takes back and tonight brings
told as (

    select * from taking_back where business_date = {{ business_date() }}
    union
    select earlier.*
    from taking_back as earlier
    inner join tonight on earlier.reversed_txn_id = tonight.txn_id
    union
    select earlier.*
    from taking_back as earlier
    inner join told on earlier.reversed_txn_id = told.txn_id

),

-- from each the way down to what was bought: a reversal of a reversal puts the purchase back
ways as (

    select
        txn_id,
        reversed_txn_id as next_txn_id,
        txn_date,
        amount_ccy_amt,
        business_date as complete_date,
        1 as step_cnt
    from told
    union all
    select
        ways.txn_id,
        taking_back.reversed_txn_id as next_txn_id,
        ways.txn_date,
        ways.amount_ccy_amt,
        greatest(ways.complete_date, taking_back.business_date) as complete_date,
        ways.step_cnt + 1 as step_cnt
    from ways
    inner join taking_back on ways.next_txn_id = taking_back.txn_id
    -- transactions that take each other back lead nowhere
    where ways.step_cnt < {{ longest_chain() }}

),

reversals as (

    select
        purchase.card_id,
        {{ month_start('purchase.txn_date') }} as month_start_date,
        {{ month_start('ways.txn_date') }} as booked_month_date,
        case when ways.step_cnt % 2 = 1 then -1 else 1 end
        * cast(abs(ways.amount_ccy_amt) as decimal(37, 2)) as spend_amt
    from ways
    inner join {{ ref('int_card__transactions') }} as purchase on ways.next_txn_id = purchase.txn_id
    where
        purchase.is_consumption
        and purchase.reversed_txn_id is null
        and purchase.business_date >= {{ oldest_event_night() }}
        and greatest(ways.complete_date, purchase.business_date) = {{ business_date() }}

),

entries as (

    select * from purchases
    union all
    select card_id, month_start_date, booked_month_date, cast(spend_amt as decimal(38, 2)) as spend_amt
    from reversals

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
