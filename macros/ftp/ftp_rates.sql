{# Transfer rates (FTP) of curves, in millionths: one row per curve, date and tenor of `wanted`.

   `wanted` has curve_id, rate_date and tenor_days, each combination once; `points` has curve_id, rate_date,
   tenor_days and ftp_millionths. A date without a curve takes the last one before it, a date before the first
   curve takes that. Between two tenors the rate is on the line through them, rounded half away from zero;
   beyond the shortest and the longest it is theirs. A curve without points gives no row. #}

{% macro ftp_rates(wanted, points) %}

with curve_dates as (

    select
        curve_id,
        rate_date as quoted_date,
        lag(rate_date) over by_date as earlier_date,
        lead(rate_date) over by_date as next_date
    from (select distinct curve_id, rate_date from {{ points }}) as quoted
    window by_date as (partition by curve_id order by rate_date nulls last)

),

dated as (

    select
        wanted.curve_id,
        wanted.rate_date,
        wanted.tenor_days,
        curve_dates.quoted_date
    from {{ wanted }} as wanted
    inner join curve_dates
        on
            wanted.curve_id = curve_dates.curve_id
            -- no date of the contract lies before 1900
            and wanted.rate_date >= case
                when curve_dates.earlier_date is null
                    then cast('1900-01-01' as date)
                else curve_dates.quoted_date
            end
            and wanted.rate_date < coalesce(curve_dates.next_date, cast('9999-12-31' as date))

),

neighbours as (

    select
        dated.curve_id,
        dated.rate_date,
        dated.tenor_days,
        dated.quoted_date,
        max(case when points.tenor_days <= dated.tenor_days then points.tenor_days end) as shorter_days,
        min(case when points.tenor_days >= dated.tenor_days then points.tenor_days end) as longer_days
    from dated
    inner join {{ points }} as points
        on dated.curve_id = points.curve_id and dated.quoted_date = points.rate_date
    group by dated.curve_id, dated.rate_date, dated.tenor_days, dated.quoted_date

),

between_points as (

    select
        neighbours.curve_id,
        neighbours.rate_date,
        neighbours.tenor_days,
        shorter.ftp_millionths as shorter_millionths,
        longer.tenor_days - shorter.tenor_days as span_days,
        shorter.ftp_millionths * (longer.tenor_days - neighbours.tenor_days)
        + longer.ftp_millionths * (neighbours.tenor_days - shorter.tenor_days) as weighted_millionths
    from neighbours
    inner join {{ points }} as shorter
        on
            neighbours.curve_id = shorter.curve_id
            and neighbours.quoted_date = shorter.rate_date
            and coalesce(neighbours.shorter_days, neighbours.longer_days) = shorter.tenor_days
    inner join {{ points }} as longer
        on
            neighbours.curve_id = longer.curve_id
            and neighbours.quoted_date = longer.rate_date
            and coalesce(neighbours.longer_days, neighbours.shorter_days) = longer.tenor_days

)

select
    curve_id,
    rate_date,
    tenor_days,
    case
        when span_days = 0 then shorter_millionths
        else {{ round_units('weighted_millionths', 'span_days') }}
    end as ftp_millionths
from between_points

{% endmacro %}
