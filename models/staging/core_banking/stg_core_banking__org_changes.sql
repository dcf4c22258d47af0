-- One row per change_id that tonight's batch reports: organisations merged, split, moved.

with source as (

    select * from {{ source('core_banking', 'org_change') }}

),

renamed as (

    select
        -- ids
        change_id,
        old_org_id,
        new_org_id,

        -- codes and names
        change_type as change_type_code,

        -- dates
        change_date,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
