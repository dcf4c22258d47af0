-- One row per campaign_id that tonight's batch adds, changes or deletes: marketing campaigns.

with source as (

    select * from {{ source('core_banking', 'campaign') }}

),

renamed as (

    select
        -- ids
        campaign_id,
        org_id,

        -- codes and names
        campaign_type as campaign_type_code,
        channel_code,

        -- dates
        start_date,
        end_date,

        -- measures
        cost as cost_amt,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
