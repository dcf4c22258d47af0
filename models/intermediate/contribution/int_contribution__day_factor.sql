-- One row per currency, curve and day that tonight adds: what a cent of balance is worth that day, and what
-- money costs without maturity. The reporting currency counts 1, others their mid rate in fx_scale(); the
-- curve '' is that of products without one.

{{ config(materialized='view', tags=['night']) }}

with fx as (

    select
        currency_code,
        calendar_date,
        case
            when currency_code = '{{ var("reporting_currency") }}' then cast(1 as bigint)
            else {{ fx_units('mid_rate') }}
        end as fx_factor
    from {{ ref('int_fx__rate_by_day') }}
    where business_date = {{ business_date() }}

),

demand as (

    select * from {{ ref('int_ftp__demand_day') }}

),

curves as (

    select distinct curve_id from demand
    union all
    select '' as curve_id

)

select
    fx.currency_code,
    curves.curve_id,
    fx.calendar_date,
    fx.fx_factor,
    {{ wide('fx.fx_factor') }} * coalesce(demand.ftp_millionths, 0) as demand_factor,
    coalesce(demand.is_rate_assumed, false) as is_demand_assumed
from fx
cross join curves
left join demand
    on curves.curve_id = demand.curve_id and fx.calendar_date = demand.calendar_date
