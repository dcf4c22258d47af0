-- One row: the day from which the bank has recorded all that a contribution is made of. Loans before the
-- first night come with the initial load's loan history, fees with its earlier fees; where either is missing,
-- the first month is recorded from a later day on. A history that leaves out a loan owed since before the
-- month is missing too.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with fees as (

    select min(income_date) as first_date from {{ ref('stg_core_banking__fee_incomes') }}

),

-- nobody earns a fee on a day off
first_business_day as (

    select min(calendar_date) as calendar_date
    from {{ ref('stg_core_banking__calendar_days') }}
    where is_business_day and calendar_date >= {{ month_start(business_date()) }}

),

loans as (

    select
        (select count(*) from {{ ref('stg_core_banking__loan_balances') }}) as loan_cnt,
        (
            select count(*) from {{ ref('stg_core_banking__monthly_loans') }}
            where month_start_date = {{ month_start(business_date()) }}
        ) as history_cnt,
        (
            select count(*)
            from {{ ref('stg_core_banking__loan_balances') }} as balances
            inner join {{ ref('stg_core_banking__loans') }} as loans on balances.loan_id = loans.loan_id
            left join {{ ref('stg_core_banking__monthly_loans') }} as history
                on
                    balances.loan_id = history.loan_id
                    and history.month_start_date = {{ month_start(business_date()) }}
            where
                balances.balance_ccy_amt > 0
                and loans.start_date < {{ month_start(business_date()) }}
                and history.loan_id is null
        ) as missing_cnt

),

recorded as (

    select
        case
            when loans.loan_cnt = 0 or (loans.history_cnt > 0 and loans.missing_cnt = 0)
                then {{ month_start(business_date()) }}
            else {{ business_date() }}
        end as loans_from_date,
        case
            when fees.first_date <= first_business_day.calendar_date then {{ month_start(business_date()) }}
            else least(coalesce(fees.first_date, {{ business_date() }}), {{ business_date() }})
        end as fees_from_date
    from fees
    cross join first_business_day
    cross join loans

)

select
    cast(greatest(loans_from_date, fees_from_date) as date) as recorded_from_date,
    {{ business_date() }} as business_date
from recorded
{% if has_state() %}
where not exists (select 1 from {{ this }})
{% endif %}
