-- One row per loan or credit card on which something is owed tonight, with the org that keeps it.

{{ config(materialized='view', tags=['night']) }}

with rates as (

    select currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

)

select
    loans.customer_id,
    loans.org_id,
    loans.product_code,
    loans.manager_id,
    'loan' as debt_code,
    loans.start_date as open_date,
    cast(cast(balances.balance_ccy_amt as decimal(38, 2)) * rates.mid_rate as {{ worth_type() }})
        as balance_amt
from {{ ref('stg_core_banking__loan_balances') }} as balances
inner join {{ by_survivor(ref('int_loan__versions')) }} as loans
    on balances.loan_id = loans.loan_id and loans.known_to_date is null
inner join rates on loans.currency_code = rates.currency_code
where balances.balance_ccy_amt > 0

union all

select
    cards.customer_id,
    cards.org_id,
    'credit_card' as product_code,
    cards.manager_id,
    'card' as debt_code,
    cards.issue_date as open_date,
    cast(balances.balance_ccy_amt as {{ worth_type() }}) as balance_amt
from {{ ref('stg_core_banking__card_balances') }} as balances
inner join {{ by_survivor(ref('int_card__versions')) }} as cards
    on balances.card_id = cards.card_id and cards.known_to_date is null
where cards.card_kind_code = 'credit' and balances.balance_ccy_amt > 0
