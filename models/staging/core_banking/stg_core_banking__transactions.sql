-- One row per txn_id that tonight's batch reports: account transactions.

with source as (

    select * from {{ source('core_banking', 'transaction') }}

),

renamed as (

    select
        -- ids
        txn_id,
        account_id,
        org_id,
        teller_id,
        counter_customer_id,
        reversed_txn_id,

        -- codes and names
        direction as direction_code,
        currency as currency_code,
        channel_code,
        counter_account,
        counter_bank_code,
        counter_bank_name,
        counter_name,
        txn_type as txn_type_code,

        -- dates
        txn_date,
        {{ bank_local('txn_time') }} as txn_at,

        -- measures
        amount as amount_ccy_amt,

        -- flags
        is_in_bank,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
