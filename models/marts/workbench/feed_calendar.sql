-- One row per date of a customer in the next 30 days (日程): maturities, instalments, birthdays, festivals of
-- those who are greeted then, card expiries. Of a date of birth only the day that comes is said.

{{ config(materialized='table', meta={'grain': ['line_id']}) }}

{%- set last_day = add_days(business_date(), 30) %}

with rates as (

    {{ rates_tonight() }}

),

account_balances as (

    select balances.account_id, sum(balances.balance_ccy_amt) as balance_ccy_amt
    from (
        select account_id, balance_ccy_amt from {{ ref('stg_core_banking__deposit_balances') }}
        union all
        select account_id, market_value_ccy_amt as balance_ccy_amt
        from {{ ref('stg_core_banking__investment_positions') }}
    ) as balances
    inner join {{ by_survivor(ref('int_account__versions')) }} as accounts
        on
            balances.account_id = accounts.account_id
            and accounts.known_to_date is null
            and accounts.maturity_date between {{ business_date() }} and {{ last_day }}
    group by balances.account_id

),

loans as (

    select loans.loan_id, loans.customer_id, loans.maturity_date, rates.mid_rate
    from {{ by_survivor(ref('int_loan__versions')) }} as loans
    inner join rates on loans.currency_code = rates.currency_code
    where loans.known_to_date is null

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

lines as (

    select
        coalesce(joint.customer_id, accounts.customer_id) as customer_id,
        'maturity' as calendar_line_code,
        accounts.maturity_date as due_date,
        'account' as subject_type_code,
        accounts.account_id as subject_id,
        '' as key_text,
        {{ event_worth('balances.balance_ccy_amt', 'rates.mid_rate') }} as amount_amt
    from {{ by_survivor(ref('int_account__versions')) }} as accounts
    inner join account_balances as balances on accounts.account_id = balances.account_id
    inner join rates on accounts.currency_code = rates.currency_code
    left join {{ ref('int_account__main_owner') }} as joint on accounts.account_id = joint.account_id
    where
        accounts.known_to_date is null
        and accounts.status_code <> 'closed'
        and balances.balance_ccy_amt > 0

    union all

    select
        loans.customer_id,
        'maturity' as calendar_line_code,
        loans.maturity_date as due_date,
        'loan' as subject_type_code,
        loans.loan_id as subject_id,
        '' as key_text,
        {{ event_worth('balances.balance_ccy_amt', 'loans.mid_rate') }} as amount_amt
    from loans
    inner join {{ ref('stg_core_banking__loan_balances') }} as balances
        on loans.loan_id = balances.loan_id and balances.balance_ccy_amt > 0
    where loans.maturity_date between {{ business_date() }} and {{ last_day }}

    union all

    select
        loans.customer_id,
        'instalment' as calendar_line_code,
        terms.due_date,
        'loan' as subject_type_code,
        loans.loan_id as subject_id,
        cast(terms.term_no as varchar) as key_text,
        {{ event_worth(
            '(cast(terms.due_principal_ccy_amt as ' ~ sum_type() ~ ') + terms.due_interest_ccy_amt)',
            'loans.mid_rate'
        ) }} as amount_amt
    from {{ ref('int_loan__schedule_versions') }} as terms
    inner join loans on terms.loan_id = loans.loan_id
    where
        terms.known_to_date is null
        and terms.paid_date is null
        and terms.due_date between {{ business_date() }} and {{ last_day }}

    union all

    select
        customer_id,
        'card_expiry' as calendar_line_code,
        expiry_date as due_date,
        'card' as subject_type_code,
        card_id as subject_id,
        '' as key_text,
        cast(null as {{ amount_type() }}) as amount_amt
    from {{ by_survivor(ref('int_card__versions')) }}
    where
        known_to_date is null
        and status_code = 'valid'
        and expiry_date between {{ business_date() }} and {{ last_day }}

    union all

    select
        born.customer_id,
        'birthday' as calendar_line_code,
        days.calendar_date as due_date,
        'customer' as subject_type_code,
        born.customer_id as subject_id,
        '' as key_text,
        null as amount_amt
    from born
    inner join (
        {{ birthdays(business_date(), last_day) }}
    ) as days on born.month_day = days.month_day

    union all

    select
        customers.customer_id,
        'festival' as calendar_line_code,
        days.calendar_date as due_date,
        'customer' as subject_type_code,
        customers.customer_id as subject_id,
        days.festival_code as key_text,
        null as amount_amt
    from {{ ref('stg_core_banking__calendar_days') }} as days
    cross join (
        -- once, whatever number of rules greets a customer
        select customers.customer_id
        from {{ ref('int_event__customer_group') }} as customers
        where
            customers.is_active
            and exists (
                select 1
                from (
                    {{ event_rules_tonight(['festival']) }}
                ) as rules
                where rules.customer_group_code in (customers.customer_group_code, '*')
            )
    ) as customers
    where
        days.festival_code is not null
        and days.calendar_date between {{ business_date() }} and {{ last_day }}

)

select
    -- ids
    managers.employee_id,
    owners.owning_org_id as org_id,
    lines.customer_id,
    {{ keyed_hash(
        "lines.calendar_line_code || '|' || lines.subject_type_code || '|' || lines.subject_id || '|'"
        ~ " || lines.key_text || '|' || cast(lines.due_date as varchar)", 'pads'
    ) }} as line_id,
    case
        when lines.subject_type_code = 'customer' then lines.subject_id
        else {{ keyed_hash('lines.subject_id', 'pads') }}
    end as subject_id,

    -- codes
    lines.calendar_line_code,
    lines.subject_type_code,
    case when lines.calendar_line_code = 'festival' then lines.key_text end as festival_code,

    -- dates
    {{ business_date() }} as business_date,
    lines.due_date,

    -- measures
    {{ days_between(business_date(), 'lines.due_date') }} as days_left,
    cast(lines.amount_amt as {{ amount_type() }}) as amount_amt

from lines
inner join {{ ref('int_event__customer_group') }} as customers
    on lines.customer_id = customers.customer_id and customers.is_active
inner join {{ ref('int_customer__month') }} as owners
    on
        lines.customer_id = owners.customer_id
        and owners.month_start_date = {{ month_start(business_date()) }}
left join {{ ref('int_ownership__main_manager') }} as managers
    on
        lines.customer_id = managers.customer_id
        and managers.month_start_date = {{ month_start(business_date()) }}
cross join {{ source('pipeline', 'hash_pad') }} as pads
