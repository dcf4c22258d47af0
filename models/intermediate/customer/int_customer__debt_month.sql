-- One row per night, month that tonight computes, customer, org, product and kind of debt: what is owed on
-- loans or on credit cards, not yet rounded. A month that ended without a batch keeps what the last night
-- saw.

{{ config(
    materialized='incremental', meta={'carried': 'state'},
) }}

-- depends_on: {{ ref('int_customer__survivor') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

by_month as (

    select
        debts.customer_id,
        debts.org_id,
        debts.product_code,
        debts.debt_code,
        months.month_start_date,
        sum(debts.balance_amt) as balance_amt
    from {{ ref('int_customer__debt') }} as debts
    inner join months on months.is_current
    group by debts.customer_id, debts.org_id, debts.product_code, debts.debt_code, months.month_start_date

    {% if has_state() %}
    union all

    select
        last_night.customer_id,
        last_night.org_id,
        last_night.product_code,
        last_night.debt_code,
        months.month_start_date,
        last_night.balance_amt
    from (
        {{ state_of_last_night() }}
    ) as last_night
    inner join months on not months.is_current
    {% endif %}

)

select
    -- ids
    customer_id,
    org_id,

    -- codes
    product_code,
    debt_code,

    -- dates
    month_start_date,
    {{ business_date() }} as business_date,

    -- measures
    cast(balance_amt as {{ worth_type() }}) as balance_amt

from by_month
