-- One row per campaign_id and product_code that tonight's batch adds, changes or deletes: products that a
-- campaign sells.

with source as (

    select * from {{ source('core_banking', 'campaign_product') }}

),

renamed as (

    select
        -- ids
        campaign_id,
        product_code,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
