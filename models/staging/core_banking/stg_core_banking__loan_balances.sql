-- One row per loan_id of tonight's full extract: outstanding balance and arrears of every running loan.

with source as (

    select * from {{ source('core_banking', 'loan_balance') }}

),

renamed as (

    select
        -- ids
        loan_id,

        -- codes and names
        five_class as five_class_code,

        -- measures
        balance as balance_ccy_amt,
        overdue_principal as overdue_principal_ccy_amt,
        overdue_interest as overdue_interest_ccy_amt,
        days_past_due as past_due_days,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
