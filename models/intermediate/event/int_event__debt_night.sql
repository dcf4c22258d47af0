-- One row per night and loan or card with something amiss: what the next night compares with. A loan or card
-- without a row, and known before, was in order. One whose balance could not be read tonight stays as it was,
-- as do cards in a batch without their balances. From the first night with balances of cards, which a bank
-- need not deliver, a row of no card says so.
-- read on every night but the first:
-- depends_on: {{ source('pipeline', 'delivered_table') }}

{{ config(
    materialized='incremental', meta={'carried': 'state'},
) }}

with debts as (

    select
        'loan' as subject_type_code,
        loan_id as subject_id,
        past_due_days,
        overdue_interest_ccy_amt,
        five_class_code
    from {{ ref('stg_core_banking__loan_balances') }}
    union all
    select
        'card' as subject_type_code,
        card_id as subject_id,
        past_due_days,
        cast(0 as {{ amount_type() }}) as overdue_interest_ccy_amt,
        'normal' as five_class_code
    from {{ ref('stg_core_banking__card_balances') }}

),

amiss as (

    select *
    from debts
    where past_due_days > 0 or overdue_interest_ccy_amt > 0 or five_class_code <> 'normal'
    union all
    select
        'card' as subject_type_code,
        '' as subject_id,
        0 as past_due_days,
        cast(0 as {{ amount_type() }}) as overdue_interest_ccy_amt,
        'normal' as five_class_code
    from (
        select count(*) as card_cnt from {{ ref('stg_core_banking__card_balances') }}
    ) as delivered
    where delivered.card_cnt > 0

    {% if has_state() %}
    union all

    select
        last_night.subject_type_code,
        last_night.subject_id,
        last_night.past_due_days,
        last_night.overdue_interest_ccy_amt,
        last_night.five_class_code
    from (
        select * from {{ this }} where business_date = {{ previous_batch_date() }}
    ) as last_night
    inner join (
        {{ refused_balances() }}
    ) as refused
        on last_night.subject_type_code = refused.source_code and last_night.subject_id = refused.row_key
    union all
    -- a batch without balances of cards says nothing of them: the next one is compared with the last that did
    select
        subject_type_code,
        subject_id,
        past_due_days,
        overdue_interest_ccy_amt,
        five_class_code
    from {{ this }}
    where
        business_date = {{ previous_batch_date() }}
        and subject_type_code = 'card'
        and not exists (
            select 1 from {{ source('pipeline', 'delivered_table') }} where table_name = 'card_balance'
        )
    {% endif %}

)

select
    -- ids
    subject_type_code,
    subject_id,

    -- codes
    five_class_code,

    -- dates
    {{ month_start(business_date()) }} as month_start_date,
    {{ business_date() }} as business_date,

    -- measures
    cast(past_due_days as integer) as past_due_days,
    cast(overdue_interest_ccy_amt as {{ amount_type() }}) as overdue_interest_ccy_amt

from amiss
