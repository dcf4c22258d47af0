-- One row per cost pool, org and month of the cost, with the night that brought it and the month that it
-- counts in: its own, or the first that was open when it came. A pool sent twice counts once.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with tonight as (

    select * from {{ ref('stg_core_banking__cost_pools') }}

),

first_open as (

    select min(month_start_date) as month_start_date
    from {{ ref('int_calendar__computed_months') }}
    {% if is_first_night() %}where is_current{% endif %}

)

select
    -- ids
    tonight.cost_pool_id,
    tonight.org_id,

    -- codes
    tonight.driver_code,

    -- dates
    tonight.month_start_date as cost_month_date,
    greatest({{ month_start('tonight.month_start_date') }}, first_open.month_start_date) as month_start_date,
    {{ business_date() }} as business_date,

    -- measures
    tonight.cost_amt

from tonight
cross join first_open
{% if has_state() %}
left join {{ this }} as earlier
    on
        tonight.cost_pool_id = earlier.cost_pool_id
        and tonight.org_id = earlier.org_id
        and tonight.month_start_date = earlier.cost_month_date
where earlier.cost_pool_id is null
{% else %}
where tonight.month_start_date >= first_open.month_start_date
{% endif %}
