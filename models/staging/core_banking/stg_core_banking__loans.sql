-- One row per loan_id that tonight's batch adds, changes or deletes: loan contracts.

with source as (

    select * from {{ source('core_banking', 'loan') }}

),

renamed as (

    select
        -- ids
        loan_id,
        customer_id,
        product_code,
        org_id,
        manager_id,

        -- codes and names
        loan_class as loan_class_code,
        currency as currency_code,

        -- dates
        start_date,
        maturity_date,

        -- measures
        principal as principal_ccy_amt,
        interest_rate,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
