-- One row per product_code of tonight's full extract: the product catalogue, with what counts as AUM.

with source as (

    select * from {{ source('core_banking', 'product') }}

),

renamed as (

    select
        -- ids
        product_code,
        ftp_curve_id,

        -- codes and names
        product_name,
        asset_class as asset_class_code,
        product_line as product_line_code,
        sales_product_code,
        currency as currency_code,

        -- measures
        aum_weight,
        day_count as day_count_basis,

        -- flags
        is_in_aum,
        allows_overdraft,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
