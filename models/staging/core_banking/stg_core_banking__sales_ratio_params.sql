-- One row per scope_type × scope_id × sales_product_code × valid_from of tonight's full extract: seller and
-- referrer ratios by employee, organisation or bank.

with source as (

    select * from {{ source('core_banking', 'sales_ratio_param') }}

),

renamed as (

    select
        -- ids
        scope_id,

        -- codes and names
        scope_type as scope_type_code,
        sales_product_code,

        -- dates
        valid_from as valid_from_date,
        valid_to as valid_to_date,

        -- measures
        seller_ratio,
        referrer_ratio,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
