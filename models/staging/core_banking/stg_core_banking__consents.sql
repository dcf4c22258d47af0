-- One row per customer_id and purpose that tonight's batch adds, changes or deletes: what customers agreed to
-- be contacted for.

with source as (

    select * from {{ source('core_banking', 'consent') }}

),

renamed as (

    select
        -- ids
        customer_id,

        -- codes and names
        purpose as purpose_code,

        -- dates
        {{ bank_local('granted_at') }} as granted_at,
        {{ bank_local('withdrawn_at') }} as withdrawn_at,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
