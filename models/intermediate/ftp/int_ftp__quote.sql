-- One row per curve, tenor, rate date and night that brought the rate or changed it. A term account keeps the
-- rate of its opening for years, so rates stay after the bank has stopped to send them.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with tonight as (

    select * from {{ ref('stg_core_banking__ftp_rates') }}

)

{%- if has_state() %},

known as (

    select
        curve_id,
        tenor_days,
        rate_date,
        {{ first_by('ftp_rate', [days_between('business_date', "cast('1900-01-01' as date)")]) }} as ftp_rate
    from {{ this }}
    group by curve_id, tenor_days, rate_date

)
{%- endif %}

select
    -- ids
    tonight.curve_id,

    -- dates
    tonight.rate_date,
    {{ business_date() }} as business_date,

    -- measures
    tonight.tenor_days,
    tonight.ftp_rate

from tonight
{% if has_state() %}
left join known
    on
        tonight.curve_id = known.curve_id
        and tonight.tenor_days = known.tenor_days
        and tonight.rate_date = known.rate_date
where known.curve_id is null or tonight.ftp_rate <> known.ftp_rate
{% endif %}
