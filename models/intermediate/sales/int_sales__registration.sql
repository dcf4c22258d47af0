-- One row per registration, and one more when it is revoked (a third should an earlier day of it come later),
-- with the night that brought it; what is sent twice counts once. A registration may come before its sale, a
-- revocation before its registration. What systems write for "not revoked" (9999-12-31) revokes nothing.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
) }}

with sent as (

    select
        *,
        -- days of the bank's own clock
        cast(registered_at as date) as registered_date,
        {{ told_date('cast(revoked_at as date)') }} as revoked_date
    from {{ ref('stg_core_banking__sales_registrations') }}

),

tonight as (

    select
        *,
        row_number() over (
            partition by registration_id, revoked_date is null order by revoked_date nulls last
        ) as repetition
    from sent

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
    tonight.registered_utc_at,
    tonight.registered_at,
    tonight.registered_date,
    tonight.revoked_date,
    {{ business_date() }} as business_date,

    -- measures
    tonight.credit_ratio

from tonight
{% if has_state() %}
left join (
    select
        registration_id,
        revoked_date is null as is_standing,
        min(revoked_date) as revoked_date
    from {{ this }}
    where registration_id in (select registration_id from tonight)
    group by 1, 2
) as earlier
    on
        tonight.registration_id = earlier.registration_id
        and (tonight.revoked_date is null) = earlier.is_standing
where
    (earlier.registration_id is null or tonight.revoked_date < earlier.revoked_date)
    and tonight.repetition = 1
{% else %}
where tonight.repetition = 1
{% endif %}
