-- One row per account_id × product_code × balance_month that tonight's batch reports: past months of the
-- initial load; the running month covers the days before the batch.

with source as (

    select * from {{ source('core_banking', 'monthly_balance_history') }}

),

renamed as (

    select
        -- ids
        account_id,
        product_code,

        -- dates
        balance_month as month_start_date,

        -- measures
        month_end_balance as month_end_balance_ccy_amt,
        balance_sum as balance_sum_ccy_amt,
        day_count as balance_days,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
