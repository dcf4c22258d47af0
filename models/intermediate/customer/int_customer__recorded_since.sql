-- One row per customer: the first month with a row, from the first recorded balance or the first opening
-- within the recorded history, whichever is earlier; else the month of the batch that names the customer.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with customers as (

    select customer_id, first_open_date
    from {{ ref('int_customer__versions') }}
    where
        known_to_date is null
        {%- if has_state() %}
        -- who was not known before has a version of tonight
        and known_from_date = {{ business_date() }}
        {%- endif %}

),

history as (

    select told.customer_id, min(told.month_start_date) as first_balance_month
    from (
        select holders.customer_id, balances.month_start_date
        from {{ ref('stg_core_banking__monthly_balances') }} as balances
        inner join {{ ref('int_account__told_holder') }} as holders
            on balances.account_id = holders.account_id
        union all
        -- what was owed is recorded too, as far back as months are
        select loans.customer_id, loan_history.month_start_date
        from {{ ref('stg_core_banking__monthly_loans') }} as loan_history
        inner join {{ ref('int_loan__versions') }} as loans
            on loan_history.loan_id = loans.loan_id and loans.known_to_date is null
        cross join {{ ref('int_calendar__recorded_history') }} as recorded_history
        where loan_history.month_start_date >= {{ month_start('recorded_history.history_start_date') }}
    ) as told
    group by told.customer_id

),

recorded_history as (

    select * from {{ ref('int_calendar__recorded_history') }}

),

starts as (

    select
        customers.customer_id,
        least(
            coalesce(history.first_balance_month, {{ month_start(business_date()) }}),
            case
                when customers.first_open_date >= recorded_history.history_start_date
                    then {{ month_start('customers.first_open_date') }}
                else {{ month_start(business_date()) }}
            end
        ) as first_month_date
    from customers
    cross join recorded_history
    left join history on customers.customer_id = history.customer_id

)

select
    starts.customer_id,
    starts.first_month_date,
    {{ business_date() }} as business_date
from starts
{% if has_state() %}
left join {{ this }} as earlier on starts.customer_id = earlier.customer_id
where earlier.customer_id is null
{% endif %}
