-- One row per card_id of tonight's full extract: credit used on every card.

with source as (

    select * from {{ source('core_banking', 'card_balance') }}

),

renamed as (

    select
        -- ids
        card_id,

        -- dates
        due_date,

        -- measures
        balance as balance_ccy_amt,
        min_due as min_due_ccy_amt,
        days_past_due as past_due_days,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
