-- One row per registration, and one more when it is revoked, with the night that brought it; what is sent twice
-- counts once. A registration may come before its sale, a revocation before its registration.

{{ config(
    materialized='incremental', incremental_strategy='append', meta={'carried': 'business_date'},
) }}

with tonight as (

    select
        *,
        row_number() over (
            partition by registration_id, revoked_at is null order by revoked_at nulls last
        ) as repetition
    from {{ ref('stg_core_banking__sales_registrations') }}

)

select
    -- ids
    tonight.registration_id,
    tonight.trade_id,
    tonight.actor_id as employee_id,
    tonight.registered_by_id,

    -- codes
    tonight.actor_role_code,
    tonight.source_code,

    -- dates
    tonight.registered_at,
    cast(tonight.registered_at as date) as registered_date,
    cast(tonight.revoked_at as date) as revoked_date,
    {{ business_date() }} as business_date,

    -- measures
    tonight.credit_ratio

from tonight
{% if has_state() %}
left join (
    select registration_id, revoked_date is null as is_standing
    from {{ this }}
    -- no night but one that looks ahead brings a registration before its day
    where business_date >= (select min(cast(registered_at as date)) from tonight)
        or registered_date > business_date
) as earlier
    on
        tonight.registration_id = earlier.registration_id
        and (tonight.revoked_at is null) = earlier.is_standing
where earlier.registration_id is null and tonight.repetition = 1
{% else %}
where tonight.repetition = 1
{% endif %}
