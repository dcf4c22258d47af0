-- One row per opportunity_id and changed_at that tonight's batch reports: opportunities of the front office,
-- one row per change.

with source as (

    select * from {{ source('core_banking', 'opportunity') }}

),

renamed as (

    select
        -- ids
        opportunity_id,
        customer_id,
        owner_id,
        source_event_id,

        -- codes and names
        stage as stage_code,

        -- dates
        {{ bank_local('changed_at') }} as changed_at,
        expected_close_date,

        -- measures
        amount as amount_amt,
        probability as probability_rate,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
