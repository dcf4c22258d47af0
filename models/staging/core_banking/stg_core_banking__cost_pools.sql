-- One row per cost_pool_id × cost_month × org_id that tonight's batch reports: costs of an organisation and
-- month that are spread over its accounts.

with source as (

    select * from {{ source('core_banking', 'cost_pool') }}

),

renamed as (

    select
        -- ids
        cost_pool_id,
        org_id,

        -- codes and names
        driver_code,

        -- dates
        cost_month as month_start_date,

        -- measures
        amount as cost_amt,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
