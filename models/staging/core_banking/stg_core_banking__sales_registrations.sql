-- One row per registration_id that tonight's batch reports: who registered whom as seller or referrer; a
-- revocation is the same row sent again.

with source as (

    select * from {{ source('core_banking', 'sales_registration') }}

),

renamed as (

    select
        -- ids
        registration_id,
        trade_id,
        actor_id,
        registered_by as registered_by_id,

        -- codes and names
        actor_role as actor_role_code,
        source as source_code,

        -- dates
        registered_at as registered_utc_at,
        {{ bank_local('registered_at') }} as registered_at,
        {{ bank_local('revoked_at') }} as revoked_at,

        -- measures
        ratio as credit_ratio,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
