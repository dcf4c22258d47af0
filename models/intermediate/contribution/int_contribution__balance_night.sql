-- One row per balance that tonight's batch tells (account × product, loan, card), in cents of its currency,
-- under the number of the holder that was told of.

{{ config(materialized='view', tags=['night']) }}

with balances as (

    select
        account_id,
        cast(null as varchar) as product_code,
        'deposit' as source_code,
        'account' as register_code,
        balance_ccy_amt,
        interest_rate
    from {{ ref('stg_core_banking__deposit_balances') }}
    union all
    select
        account_id,
        product_code,
        'investment' as source_code,
        'account' as register_code,
        market_value_ccy_amt as balance_ccy_amt,
        cast(0 as {{ share_type() }}) as interest_rate
    from {{ ref('stg_core_banking__investment_positions') }}
    union all
    select
        loan_id as account_id,
        cast(null as varchar) as product_code,
        'loan' as source_code,
        'loan' as register_code,
        balance_ccy_amt,
        cast(null as {{ share_type() }}) as interest_rate
    from {{ ref('stg_core_banking__loan_balances') }}
    union all
    select
        card_id as account_id,
        cast(null as varchar) as product_code,
        'card' as source_code,
        'card' as register_code,
        balance_ccy_amt,
        cast(null as {{ share_type() }}) as interest_rate
    from {{ ref('stg_core_banking__card_balances') }}

),

-- joint accounts, and those that were: the last day on which their owners changed
owners_since as (

    select
        account_id,
        max(greatest(known_from_date, coalesce(known_to_date, known_from_date))) as owners_since_date
    from {{ ref('int_account__owner_versions') }}
    group by account_id

)

select
    -- ids
    balances.account_id,
    coalesce(balances.product_code, contracts.product_code) as product_code,
    contracts.told_customer_id as customer_id,
    contracts.org_id,

    -- codes
    balances.source_code,
    contracts.currency_code,

    -- dates
    case
        when balances.register_code = 'account'
            then coalesce(owners_since.owners_since_date, cast('1900-01-01' as date))
        else cast('1900-01-01' as date)
    end as owners_since_date,
    contracts.open_date,
    contracts.maturity_date,

    -- measures: a closed account is empty, whatever the table says
    case
        when contracts.close_date <= {{ business_date() }} then cast(0 as bigint)
        else {{ cents('balances.balance_ccy_amt') }}
    end as balance_cents,
    -- the day's rate if the balance gives one, else the contract's; none is 0
    {{ millionths_of('coalesce(balances.interest_rate, contracts.customer_rate, 0)') }} as rate_millionths

from balances
inner join {{ ref('int_contribution__contract') }} as contracts
    on balances.account_id = contracts.account_id and balances.register_code = contracts.register_code
left join owners_since on balances.account_id = owners_since.account_id
