-- One row: what the bank recorded before its first night, from the initial load's past months and card
-- transactions.

-- read on the first night only, but the graph is the same every night
-- depends_on: {{ ref('stg_core_banking__monthly_balances') }}
-- depends_on: {{ ref('stg_core_banking__card_transactions') }}
-- depends_on: {{ ref('stg_core_banking__cards') }}

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

{% if has_state() %}

select * from {{ this }} where false

{% else %}

with balances as (

    select
        min(month_start_date) as first_month_date,
        count(case when month_start_date = {{ month_start(business_date()) }} then 1 end) as running_month_cnt
    from {{ ref('stg_core_banking__monthly_balances') }}

),

cards as (

    select count(*) as credit_card_cnt
    from {{ ref('stg_core_banking__cards') }}
    where card_kind_code = 'credit'

),

spending as (

    select coalesce(min(txn_date), {{ business_date() }}) as first_txn_date
    from {{ ref('stg_core_banking__card_transactions') }}

)

select
    cast(coalesce(balances.first_month_date, {{ business_date() }}) as date) as history_start_date,
    -- card transactions count as delivered from the month of the first of them on; without a card there are
    -- none to come
    case when cards.credit_card_cnt > 0 then {{ month_start('spending.first_txn_date') }} end
        as card_spend_start_date,
    {{ business_date() }} as business_date,
    -- nobody has told the days of the running month before tonight: averages leave them out
    cast(
        case
            when balances.running_month_cnt = 0
                then {{ days_between(month_start(business_date()), business_date()) }}
            else 0
        end as integer
    ) as unrecorded_days
from balances
cross join cards
cross join spending

{% endif %}
