-- One row per trade_id that tonight's batch reports: sales of products; a cancellation is a later row that
-- names the trade.

with source as (

    select * from {{ source('core_banking', 'sales_trade') }}

),

renamed as (

    select
        -- ids
        trade_id,
        customer_id,
        account_id,
        product_code,
        org_id,
        teller_id,
        related_trade_id,

        -- codes and names
        channel_code,
        status as status_code,
        currency as currency_code,

        -- dates
        trade_date,

        -- measures
        amount as amount_ccy_amt,
        fee_income as fee_income_ccy_amt,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
