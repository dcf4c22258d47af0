-- One row per event and rule of what falls due from tonight on: loans, accounts, cards, instalments, card
-- payments, birthdays, festivals. Everything is found that falls due until the next business date comes, and
-- `lead_days` later.

{{ config(materialized='view', tags=['night']) }}

with rules as (

    {{ event_rules_tonight([
        'loan_maturing', 'account_maturing', 'card_expiring', 'instalment_due', 'card_payment_due',
        'birthday', 'festival',
    ]) }}

),

-- the day before the next business date: its night tells the rest
silence as (

    select {{ add_days(
        'coalesce(min(calendar_date), ' ~ add_days(business_date(), 1) ~ ')', -1
    ) }} as last_date
    from {{ ref('stg_core_banking__calendar_days') }}
    where is_business_day and calendar_date > {{ business_date() }}

),

spans as (

    select rules.*, {{ add_days('silence.last_date', 'rules.lead_days') }} as through_date
    from rules
    cross join silence

),

horizon as (

    select coalesce(max(through_date), {{ business_date() }}) as through_date from spans

),

rates as (

    {{ rates_tonight() }}

),

loans as (

    select
        loans.loan_id,
        loans.customer_id,
        loans.maturity_date,
        rates.mid_rate
    from {{ by_survivor(ref('int_loan__versions')) }} as loans
    inner join rates on loans.currency_code = rates.currency_code
    where loans.known_to_date is null

),

instalments as (

    select
        loan_id,
        term_no,
        due_date,
        cast(due_principal_ccy_amt as {{ sum_type() }}) + due_interest_ccy_amt as due_ccy_amt
    from {{ ref('int_loan__schedule_versions') }}
    where
        known_to_date is null
        and paid_date is null
        and due_date >= {{ business_date() }}
        and due_date <= (select through_date from horizon)

),

accounts as (

    select
        versions.account_id,
        coalesce(joint.customer_id, versions.customer_id) as customer_id,
        versions.currency_code,
        versions.maturity_date
    from {{ by_survivor(ref('int_account__versions')) }} as versions
    left join {{ ref('int_account__main_owner') }} as joint on versions.account_id = joint.account_id
    where
        versions.known_to_date is null
        and versions.status_code <> 'closed'
        and versions.maturity_date >= {{ business_date() }}
        and versions.maturity_date <= (select through_date from horizon)

),

account_balances as (

    select account_id, balance_ccy_amt from {{ ref('stg_core_banking__deposit_balances') }}
    union all
    select account_id, market_value_ccy_amt as balance_ccy_amt
    from {{ ref('stg_core_banking__investment_positions') }}

),

maturing as (

    select
        accounts.account_id,
        accounts.customer_id,
        accounts.maturity_date,
        -- rounded once, as in the calendar
        {{ event_worth('sum(balances.balance_ccy_amt)', 'max(rates.mid_rate)') }} as balance_amt
    from accounts
    inner join account_balances as balances on accounts.account_id = balances.account_id
    inner join rates on accounts.currency_code = rates.currency_code
    group by accounts.account_id, accounts.customer_id, accounts.maturity_date
    having sum(balances.balance_ccy_amt) > 0

),

cards as (

    select card_id, customer_id, card_kind_code, status_code, expiry_date
    from {{ by_survivor(ref('int_card__versions')) }}
    where known_to_date is null

),

days as (

    {{ birthdays(business_date(), '(select through_date from horizon)') }}

),

born as (

    select customer_id, 100 * month(birth_date) + day(birth_date) as month_day
    from {{ living(ref('int_customer__versions')) }}
    where
        known_to_date is null
        and customer_type_code = 'P'
        and status_code = 'active'
        and birth_date is not null

),

festivals as (

    select festival_code, calendar_date
    from {{ ref('stg_core_banking__calendar_days') }}
    where festival_code is not null and calendar_date >= {{ business_date() }}

)

select
    {{ event_found(
        'loans.customer_id', 'loan', 'loans.loan_id', 'cast(loans.maturity_date as varchar)',
        'loans.maturity_date',
        amount=event_worth('balances.balance_ccy_amt', 'loans.mid_rate'),
    ) }}
from loans
inner join {{ ref('stg_core_banking__loan_balances') }} as balances
    on loans.loan_id = balances.loan_id and balances.balance_ccy_amt > 0
inner join spans as rules
    on
        rules.event_code = 'loan_maturing'
        and loans.maturity_date >= {{ business_date() }}
        and loans.maturity_date <= rules.through_date

union all

select
    {{ event_found(
        'maturing.customer_id', 'account', 'maturing.account_id', 'cast(maturing.maturity_date as varchar)',
        'maturing.maturity_date', amount='maturing.balance_amt',
    ) }}
from maturing
inner join spans as rules
    on rules.event_code = 'account_maturing' and maturing.maturity_date <= rules.through_date

union all

select
    {{ event_found(
        'cards.customer_id', 'card', 'cards.card_id', 'cast(cards.expiry_date as varchar)',
        'cards.expiry_date',
    ) }}
from cards
inner join spans as rules
    on
        rules.event_code = 'card_expiring'
        and cards.status_code = 'valid'
        and cards.expiry_date >= {{ business_date() }}
        and cards.expiry_date <= rules.through_date

union all

select
    {{ event_found(
        'loans.customer_id', 'loan', 'loans.loan_id', 'cast(instalments.term_no as varchar)',
        'instalments.due_date',
        amount=event_worth('instalments.due_ccy_amt', 'loans.mid_rate'), count='instalments.term_no',
    ) }}
from instalments
inner join loans on instalments.loan_id = loans.loan_id
inner join spans as rules
    on rules.event_code = 'instalment_due' and instalments.due_date <= rules.through_date

union all

select
    {{ event_found(
        'cards.customer_id', 'card', 'cards.card_id', 'cast(balances.due_date as varchar)',
        'balances.due_date',
        amount='balances.min_due_ccy_amt', reference='balances.balance_ccy_amt',
    ) }}
from {{ ref('stg_core_banking__card_balances') }} as balances
inner join cards on balances.card_id = cards.card_id
inner join spans as rules
    on
        rules.event_code = 'card_payment_due'
        and balances.min_due_ccy_amt > 0
        and balances.due_date >= {{ business_date() }}
        and balances.due_date <= rules.through_date

union all

select
    {{ event_found(
        'born.customer_id', 'customer', 'born.customer_id', 'cast(days.calendar_date as varchar)',
        'days.calendar_date',
    ) }}
from born
inner join days on born.month_day = days.month_day
inner join spans as rules on rules.event_code = 'birthday' and days.calendar_date <= rules.through_date

union all

select
    {{ event_found(
        'customers.customer_id', 'customer', 'customers.customer_id',
        "festivals.festival_code || '|' || cast(festivals.calendar_date as varchar)",
        'festivals.calendar_date',
    ) }}
from festivals
inner join spans as rules on rules.event_code = 'festival' and festivals.calendar_date <= rules.through_date
inner join {{ ref('int_event__customer_group') }} as customers
    on customers.is_active and rules.customer_group_code in (customers.customer_group_code, '*')
