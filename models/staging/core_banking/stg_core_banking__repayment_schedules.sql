-- One row per loan_id and term_no that tonight's batch adds, changes or deletes: instalments of loans, due
-- and paid.

with source as (

    select * from {{ source('core_banking', 'repayment_schedule') }}

),

renamed as (

    select
        -- ids
        loan_id,

        -- dates
        due_date,
        paid_date,

        -- measures
        term_no,
        due_principal as due_principal_ccy_amt,
        due_interest as due_interest_ccy_amt,
        paid_amount as paid_ccy_amt,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
