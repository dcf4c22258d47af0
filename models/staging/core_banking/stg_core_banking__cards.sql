-- One row per card_id that tonight's batch adds, changes or deletes: debit, credit, wealth and private cards.

with source as (

    select * from {{ source('core_banking', 'card') }}

),

renamed as (

    select
        -- ids
        card_id,
        customer_id,
        org_id,
        manager_id,
        product_code,

        -- codes and names
        card_kind as card_kind_code,
        card_grade as card_grade_code,
        status as status_code,

        -- dates
        issue_date,
        expiry_date,

        -- measures
        credit_limit as credit_limit_ccy_amt,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
