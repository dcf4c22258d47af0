-- One row per customer_id, related_id and relation_type that tonight's batch adds, changes or deletes: who
-- belongs to whom: households, groups, supply chains, guarantors.

with source as (

    select * from {{ source('core_banking', 'customer_relation') }}

),

renamed as (

    select
        -- ids
        customer_id,
        related_id,

        -- codes and names
        relation_type as relation_type_code,

        -- dates
        valid_from,
        valid_to,

        -- measures
        share as relation_share,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
