-- One row per loan_id × balance_month that tonight's batch reports: past months of the initial load; the
-- running month covers the days before the batch.

with source as (

    select * from {{ source('core_banking', 'monthly_loan_history') }}

),

renamed as (

    select
        -- ids
        loan_id,

        -- codes and names
        worst_five_class as worst_five_class_code,

        -- dates
        balance_month as month_start_date,

        -- measures
        month_end_balance as month_end_balance_ccy_amt,
        balance_sum as balance_sum_ccy_amt,
        day_count as balance_days,
        worst_days_past_due as worst_past_due_days,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
