-- One row per customer who is new in a month that tonight computes, with what the bank tells of them.

{{ config(materialized='table') }}

select
    customers.customer_id,
    customers.month_start_date,
    customers.customer_type_code,
    coalesce(versions.acquisition_source_code, 'unknown') as acquisition_source_code,
    coalesce(bands.band_code, 'unknown') as age_band_code,
    coalesce(versions.gender_code, 'unknown') as gender_code,
    coalesce(versions.occupation_code, 'unknown') as occupation_code,
    coalesce(versions.education_code, 'unknown') as education_code,
    coalesce(versions.income_band_code, 'unknown') as income_band_code,
    coalesce(versions.region_code, 'unknown') as region_code
from {{ ref('int_holding__customer') }} as customers
inner join {{ living(ref('int_customer__versions')) }} as versions
    on customers.customer_id = versions.customer_id and versions.known_to_date is null
left join {{ ref('segment_band_rules') }} as bands
    on
        bands.scheme_code = 'age_band'
        and customers.month_start_date >= bands.valid_from_month
        and (bands.valid_to_month is null or customers.month_start_date <= bands.valid_to_month)
        and (
            bands.from_number is null
            or {{ full_years('versions.birth_date', 'last_day(customers.month_start_date)') }}
            >= bands.from_number
        )
        and (
            bands.to_number is null
            or {{ full_years('versions.birth_date', 'last_day(customers.month_start_date)') }}
            < bands.to_number
        )
where
    customers.business_date = {{ business_date() }}
    and customers.is_member
    and not customers.is_member_before
