-- One row per account_id × product_code of tonight's full extract: holdings of investment products at market
-- value.

with source as (

    select * from {{ source('core_banking', 'investment_position') }}

),

renamed as (

    select
        -- ids
        account_id,
        product_code,

        -- measures
        units as unit_quantity,
        market_value as market_value_ccy_amt,
        cost_amount as cost_ccy_amt,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
