-- One row per night, month that tonight computes, customer and debt: what is owed on loans of a product, or
-- on credit cards. A month that ended without a batch keeps what the last night saw.

{{ config(
    materialized='incremental', incremental_strategy='append', meta={'carried': 'state'},
) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

rates as (

    select currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

),

debts as (

    select
        loans.customer_id,
        loans.product_code,
        'loan' as balance_class_code,
        cast(balances.balance_ccy_amt as decimal(38, 2)) * rates.mid_rate as balance_amt
    from {{ ref('stg_core_banking__loan_balances') }} as balances
    inner join {{ ref('int_loan__versions') }} as loans
        on balances.loan_id = loans.loan_id and loans.known_to_date is null
    inner join rates on loans.currency_code = rates.currency_code
    where balances.balance_ccy_amt > 0
    union all
    select
        cards.customer_id,
        'credit_card' as product_code,
        'credit_card' as balance_class_code,
        cast(balances.balance_ccy_amt as decimal(38, 2)) as balance_amt
    from {{ ref('stg_core_banking__card_balances') }} as balances
    inner join {{ ref('int_card__versions') }} as cards
        on balances.card_id = cards.card_id and cards.known_to_date is null
    where cards.card_kind_code = 'credit' and balances.balance_ccy_amt > 0

),

by_month as (

    select
        debts.customer_id,
        debts.product_code,
        debts.balance_class_code,
        months.month_start_date,
        cast(sum(debts.balance_amt) as {{ amount_type() }}) as balance_amt
    from debts
    inner join months on months.is_current
    group by debts.customer_id, debts.product_code, debts.balance_class_code, months.month_start_date

    {% if has_state() %}
    union all

    select
        last_night.customer_id,
        last_night.product_code,
        last_night.balance_class_code,
        months.month_start_date,
        last_night.balance_amt
    from {{ this }} as last_night
    inner join months on not months.is_current
    where
        last_night.business_date = {{ previous_business_date() }}
        and last_night.month_start_date = {{ month_start(previous_business_date()) }}
    {% endif %}

)

select
    customer_id,
    product_code,
    balance_class_code,
    month_start_date,
    {{ business_date() }} as business_date,
    balance_amt
from by_month
