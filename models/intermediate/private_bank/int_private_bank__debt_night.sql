-- One row per night, month that tonight computes, customer and debt: what is owed on loans of a product, or
-- on credit cards. A month that ended without a batch keeps what the last night saw.

{{ config(
    materialized='incremental', incremental_strategy='append', meta={'carried': 'state'},
) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

debts as (

    select
        customer_id,
        product_code,
        case debt_code when 'card' then 'credit_card' else debt_code end as balance_class_code,
        balance_amt
    from {{ ref('int_customer__debt') }}

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
