-- One row per customer who holds anything tonight: assets, debts, product lines held, and what falls due
-- next. Every balance comes anew each night, so every night looks at all of them.

{{ config(materialized='table') }}

with holdings as (

    select *
    from {{ ref('int_holding__product_month') }}
    where month_start_date = {{ month_start(business_date()) }}

),

by_line as (

    select
        customer_id,
        product_line_code,
        sum(case when holding_code = 'deposit' then {{ cents('balance_amt') }} else 0 end) as deposit_cents,
        sum(case when holding_code = 'investment' then {{ cents('balance_amt') }} else 0 end)
            as investment_cents,
        sum(case when holding_code = 'loan' then {{ cents('balance_amt') }} else 0 end) as loan_cents,
        sum(case when holding_code = 'card' then {{ cents('balance_amt') }} else 0 end) as card_cents,
        count(case when holding_code in ('deposit', 'investment', 'loan') then 1 end) as balance_cnt,
        count(case when holding_code = 'card' then 1 end) as card_cnt,
        count(case when holding_code = 'open' then 1 end) as service_cnt
    from holdings
    group by customer_id, product_line_code

),

totals as (

    select
        customer_id,
        sum(deposit_cents) as deposit_cents,
        sum(investment_cents) as investment_cents,
        sum(loan_cents) as loan_cents,
        sum(card_cents) as card_cents,
        count(*) as line_cnt,
        sum(balance_cnt) as balance_cnt,
        sum(card_cnt) as card_cnt,
        sum(service_cnt) as service_cnt,
        ',' || {{ joined_text('product_line_code', "','", ['product_line_code nulls last']) }} || ','
            as held_line_codes
    from by_line
    group by customer_id

),

foreign_holders as (

    select distinct holdings.customer_id
    from holdings
    inner join {{ ref('stg_core_banking__products') }} as products
        on holdings.product_code = products.product_code
    where holdings.balance_amt > 0 and products.currency_code <> '{{ var("reporting_currency") }}'

),

owners as (

    select account_id, customer_id, {{ millionths_of('ownership_share') }} as share_units
    from {{ ref('int_account__owner') }}

),

-- term accounts alone: few of all
due as (

    select
        coalesce(owners.customer_id, contracts.customer_id) as customer_id,
        contracts.maturity_date,
        sum({{ round_units(
            wide('balances.balance_cents') ~ ' * coalesce(owners.share_units, 1000000) * '
            ~ fx_units('rates.mid_rate'),
            wide('1000000') ~ ' * ' ~ fx_scale()
        ) }}) as due_cents
    from {{ ref('int_contribution__contract') }} as contracts
    inner join {{ ref('int_contribution__account_day') }} as balances
        on
            contracts.account_id = balances.account_id
            and balances.business_date = {{ business_date() }}
            and balances.month_start_date = {{ month_start(business_date()) }}
            and balances.source_code in ('deposit', 'investment')
            and balances.balance_cents > 0
    inner join {{ ref('int_fx__rate_by_day') }} as rates
        on contracts.currency_code = rates.currency_code and rates.calendar_date = {{ business_date() }}
    left join owners on contracts.account_id = owners.account_id
    where
        contracts.register_code = 'account'
        and contracts.maturity_date >= {{ business_date() }}
        and coalesce(owners.share_units, 1) <> 0
    group by 1, 2

),

next_due as (

    select
        due.customer_id,
        min(due.maturity_date) as next_maturity_date,
        {{ first_by('due.due_cents', ['due.maturity_date']) }} as next_maturity_cents,
        sum(case
            when due.maturity_date <= {{ add_days(business_date(), 'rules.large_maturing_days') }}
                then due.due_cents
            else 0
        end) as maturing_cents
    from due
    cross join (
        {{ segment_rules_in_force() }}
    ) as rules
    group by due.customer_id

)

select
    -- ids
    totals.customer_id,

    -- codes
    totals.held_line_codes,

    -- dates
    next_due.next_maturity_date,

    -- measures
    {{ cents_amount('totals.deposit_cents') }} as deposit_amt,
    {{ cents_amount('totals.investment_cents') }} as investment_amt,
    {{ cents_amount('(totals.deposit_cents + totals.investment_cents)') }} as asset_amt,
    {{ cents_amount('totals.loan_cents') }} as loan_amt,
    {{ cents_amount('totals.card_cents') }} as card_debt_amt,
    {{ cents_amount('next_due.next_maturity_cents') }} as next_maturity_amt,
    {{ cents_amount('coalesce(next_due.maturing_cents, 0)') }} as maturing_amt,
    cast(totals.line_cnt as integer) as line_cnt,
    cast(totals.card_cnt as integer) as card_cnt,

    -- flags
    foreign_holders.customer_id is not null as has_foreign_holding,
    -- nothing but cards, or nothing but services of electronic channels
    totals.balance_cnt = 0 and (totals.card_cnt = 0 or totals.service_cnt = 0) as is_single_channel

from totals
left join foreign_holders on totals.customer_id = foreign_holders.customer_id
left join next_due on totals.customer_id = next_due.customer_id
