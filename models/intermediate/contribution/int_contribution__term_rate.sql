-- One row per curve, opening date and tenor of the contracts with a maturity: what money for that time cost
-- at the opening (FTP), or by the earliest curve that was delivered. A table of its own, so that the engine
-- knows how few they are.

{{ config(materialized='table') }}

with contracts as (

    select distinct
        open_date,
        greatest({{ days_between('open_date', 'maturity_date') }}, 0) as tenor_days
    from {{ ref('int_contribution__contract') }}
    where maturity_date is not null

),

curves as (

    select distinct curve_id from {{ ref('int_ftp__product') }} where curve_id <> ''

),

first_quotes as (

    select curve_id, min(rate_date) as quoted_date
    from {{ ref('int_ftp__point') }}
    group by curve_id

),

-- what is held on a contract may be of another product, and curve, than the contract's own
terms as (

    select
        curves.curve_id,
        contracts.open_date as rate_date,
        contracts.tenor_days
    from contracts
    cross join curves

),

points as (

    select * from {{ ref('int_ftp__point') }}

),

rates as (

    {{ ftp_rates('terms', 'points') }}

)

select
    rates.curve_id,
    rates.rate_date,
    rates.tenor_days,
    rates.ftp_millionths,
    rates.rate_date < first_quotes.quoted_date as is_rate_assumed
from rates
inner join first_quotes on rates.curve_id = first_quotes.curve_id
