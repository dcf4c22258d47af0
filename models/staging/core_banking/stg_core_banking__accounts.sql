-- One row per account_id that tonight's batch adds, changes or deletes: accounts that hold deposits or
-- investments.

with source as (

    select * from {{ source('core_banking', 'account') }}

),

renamed as (

    select
        -- ids
        account_id,
        customer_id,
        product_code,
        org_id,

        -- codes and names
        currency as currency_code,
        status as status_code,

        -- dates
        open_date,
        close_date,
        maturity_date,

        -- measures
        interest_rate,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
