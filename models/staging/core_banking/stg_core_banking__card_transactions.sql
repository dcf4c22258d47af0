-- One row per txn_id that tonight's batch reports: card transactions.

with source as (

    select * from {{ source('core_banking', 'card_txn') }}

),

renamed as (

    select
        -- ids
        txn_id,
        card_id,
        reversed_txn_id,

        -- dates
        txn_date,

        -- measures
        amount as amount_ccy_amt,

        -- flags
        is_consumption,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
