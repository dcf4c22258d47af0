-- One row per contact_id that tonight's batch reports: messages, calls and visits that reached for a
-- customer.

with source as (

    select * from {{ source('core_banking', 'contact_log') }}

),

renamed as (

    select
        -- ids
        contact_id,
        customer_id,
        campaign_id,
        batch_id,

        -- codes and names
        channel as channel_code,

        -- dates
        {{ bank_local('sent_at') }} as sent_at,

        -- flags
        delivered as is_delivered,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
