-- One row per month, scheme and band: how many personal customers end the month with an AUM in the band, how
-- much they hold, and their share of all. Bands without customers have a row too.

{{ config(meta={
    'grain': ['month_start_date', 'scheme_code', 'band_code'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with amounts as (

    select * from {{ ref('int_report__amount_month') }}

),

bands as (

    select
        months.month_start_date,
        months.is_provisional,
        schemes.scheme_code,
        schemes.scheme_version,
        bands.band_code,
        bands.band_order,
        bands.lower_amt,
        bands.upper_amt
    from {{ ref('int_calendar__open_months') }} as months
    inner join {{ ref('balance_band_schemes') }} as schemes
        on
            months.month_start_date >= schemes.valid_from_month
            and (schemes.valid_to_month is null or months.month_start_date <= schemes.valid_to_month)
    inner join {{ ref('balance_band_rules') }} as bands on schemes.scheme_version = bands.scheme_version

),

-- the edges of all schemes together cut the amounts into steps; every band is some whole steps
edges as (

    select distinct month_start_date, lower_amt from bands

),

steps as (

    select
        month_start_date,
        lower_amt,
        lead(lower_amt) over (partition by month_start_date order by lower_amt nulls first) as upper_amt
    from edges

),

counted as (

    select
        steps.month_start_date,
        steps.lower_amt,
        sum(amounts.customer_cnt) as customer_cnt,
        sum(amounts.aum_end_amt * amounts.customer_cnt) as aum_amt
    from amounts
    inner join steps
        on
            amounts.month_start_date = steps.month_start_date
            and amounts.aum_end_amt >= steps.lower_amt
            and (steps.upper_amt is null or amounts.aum_end_amt < steps.upper_amt)
    group by steps.month_start_date, steps.lower_amt

),

banded as (

    select
        bands.month_start_date,
        bands.is_provisional,
        bands.scheme_code,
        bands.scheme_version,
        bands.band_code,
        bands.band_order,
        bands.lower_amt,
        bands.upper_amt,
        cast(coalesce(sum(counted.customer_cnt), 0) as bigint) as customer_cnt,
        cast(coalesce(sum(counted.aum_amt), 0) as {{ amount_type() }}) as aum_amt
    from bands
    left join counted
        on
            bands.month_start_date = counted.month_start_date
            and counted.lower_amt >= bands.lower_amt
            and (bands.upper_amt is null or counted.lower_amt < bands.upper_amt)
    group by
        bands.month_start_date, bands.is_provisional, bands.scheme_code, bands.scheme_version,
        bands.band_code, bands.band_order, bands.lower_amt, bands.upper_amt

),

totalled as (

    select
        *,
        sum(customer_cnt) over (partition by month_start_date, scheme_code) as all_customer_cnt,
        {{ total_cents('sum(aum_amt) over (partition by month_start_date, scheme_code)') }} as all_cents
    from banded

),

shared as (

    select
        *,
        {{ share_units('customer_cnt', 'all_customer_cnt') }} as customer_units,
        {{ share_rest('customer_cnt', 'all_customer_cnt') }} as customer_rest,
        {{ share_units(total_cents('aum_amt'), 'all_cents') }} as aum_units,
        {{ share_rest(total_cents('aum_amt'), 'all_cents') }} as aum_rest
    from totalled

)

select
    -- codes
    scheme_code,
    scheme_version,
    band_code,
    band_order,

    -- dates
    month_start_date,

    -- measures
    lower_amt,
    upper_amt,
    customer_cnt,
    aum_amt,
    {{ share_of_units('customer_units', 'customer_rest', 'month_start_date, scheme_code', 'band_order') }}
        as customer_share,
    {{ share_of_units('aum_units', 'aum_rest', 'month_start_date, scheme_code', 'band_order') }} as aum_share,

    -- flags
    is_provisional

from shared
