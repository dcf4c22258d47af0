-- One row per account_id of tonight's full extract: closing balance of every open deposit account.

with source as (

    select * from {{ source('core_banking', 'deposit_balance') }}

),

renamed as (

    select
        -- ids
        account_id,

        -- measures
        balance as balance_ccy_amt,
        accrued_interest as accrued_interest_ccy_amt,
        interest_rate,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
