-- One row per org_id of tonight's full extract: the bank's organisation tree, head office to outlet.

with source as (

    select * from {{ source('core_banking', 'org') }}

),

renamed as (

    select
        -- ids
        org_id,
        -- many cores write a root as its own parent, and an org that nobody took over as its own successor
        nullif(parent_org_id, org_id) as parent_org_id,
        nullif(successor_org_id, org_id) as successor_org_id,

        -- codes and names
        org_name,
        org_level as org_level_code,
        region_code,

        -- dates
        open_date,
        close_date,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
