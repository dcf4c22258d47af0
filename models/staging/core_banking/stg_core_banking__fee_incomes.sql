-- One row per fee_id that tonight's batch reports: fee income by customer and product.

with source as (

    select * from {{ source('core_banking', 'fee_income') }}

),

renamed as (

    select
        -- ids
        fee_id,
        customer_id,
        product_code,
        org_id,

        -- codes and names
        fee_type as fee_type_code,

        -- dates
        income_date,

        -- measures
        amount as amount_ccy_amt,
        direct_cost as direct_cost_ccy_amt,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
