-- One row per campaign_id and customer_id that tonight's batch reports: whom a campaign chose, and who is
-- left out to compare.

with source as (

    select * from {{ source('core_banking', 'campaign_target') }}

),

renamed as (

    select
        -- ids
        campaign_id,
        customer_id,

        -- codes and names
        test_group as test_group_code,

        -- dates
        {{ bank_local('selected_at') }} as selected_at,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
