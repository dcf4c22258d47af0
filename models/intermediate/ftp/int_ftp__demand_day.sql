-- One row per curve and day that tonight adds: the transfer rate (FTP) of tenor 0, which prices accounts
-- without maturity. The first night adds the days of its month.

{{ config(materialized='view', tags=['night']) }}

with points as (

    select * from {{ ref('int_ftp__point') }}

),

wanted as (

    select
        curves.curve_id,
        days.calendar_date as rate_date,
        0 as tenor_days
    from (select distinct curve_id from points) as curves
    cross join {{ day_spine(
        month_start(business_date()) if is_first_night() else add_days(previous_business_date(), 1),
        business_date(),
    ) }} as days

),

rates as (

    {{ ftp_rates('wanted', 'points') }}

)

select
    rates.curve_id,
    rates.rate_date as calendar_date,
    rates.ftp_millionths,
    -- no curve of the day or before it was delivered: it is the earliest
    rates.rate_date < first_quotes.quoted_date as is_rate_assumed
from rates
inner join (
    select curve_id, min(rate_date) as quoted_date from points group by curve_id
) as first_quotes on rates.curve_id = first_quotes.curve_id
