-- One row per fee, with the night that brought it and the month that it counts in: its own, or the first that
-- was open when it came, so that no yuan is left out. A fee sent twice counts once.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with tonight as (

    select * from {{ ref('stg_core_banking__fee_incomes') }}

),

first_open as (

    select min(month_start_date) as month_start_date
    from {{ ref('int_calendar__computed_months') }}
    {% if is_first_night() %}where is_current{% endif %}

)

select
    -- ids
    tonight.fee_id,
    tonight.customer_id,
    tonight.product_code,
    tonight.org_id,

    -- dates
    greatest({{ month_start('tonight.income_date') }}, first_open.month_start_date) as month_start_date,
    {{ business_date() }} as business_date,

    -- measures
    tonight.amount_ccy_amt as fee_income_amt,
    tonight.direct_cost_ccy_amt as direct_cost_amt

from tonight
cross join first_open
{% if has_state() %}
left join (
    {{ told_before(this, 'fee_id') }}
) as earlier on tonight.fee_id = earlier.fee_id
where earlier.fee_id is null
{% else %}
-- fees of the time before the ledger begins
where tonight.income_date >= first_open.month_start_date
{% endif %}
