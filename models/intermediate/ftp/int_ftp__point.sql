-- One row per curve, tenor and rate date as known tonight: the transfer rate (FTP), in millionths.

{{ config(materialized='view') }}

select
    curve_id,
    rate_date,
    tenor_days,
    {{ millionths_of(first_by('ftp_rate', [days_between('business_date', "cast('1900-01-01' as date)")])) }}
        as ftp_millionths
from {{ ref('int_ftp__quote') }}
group by curve_id, rate_date, tenor_days
