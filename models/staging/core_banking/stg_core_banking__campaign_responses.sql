-- One row per response_id that tonight's batch reports: how customers answered a campaign.

with source as (

    select * from {{ source('core_banking', 'campaign_response') }}

),

renamed as (

    select
        -- ids
        response_id,
        campaign_id,
        customer_id,
        product_code,

        -- codes and names
        event_type as event_type_code,

        -- dates
        {{ bank_local('event_at') }} as event_at,

        -- measures
        amount as amount_amt,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
