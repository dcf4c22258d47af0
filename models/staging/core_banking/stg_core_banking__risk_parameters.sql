-- One row per loan_id × risk_month that tonight's batch reports: risk parameters of loans by month.

with source as (

    select * from {{ source('core_banking', 'risk_parameter') }}

),

renamed as (

    select
        -- ids
        loan_id,

        -- dates
        risk_month as month_start_date,

        -- measures
        pd as default_probability_rate,
        lgd as loss_given_default_rate,
        ead as exposure_at_default_ccy_amt,
        capital_rate,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
