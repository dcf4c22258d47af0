-- One row per customer_id and channel_code that tonight's batch adds, changes or deletes: channels that
-- customers signed for.

with source as (

    select * from {{ source('core_banking', 'channel_contract') }}

),

renamed as (

    select
        -- ids
        customer_id,
        org_id,

        -- codes and names
        channel_code,

        -- dates
        sign_date,
        cancel_date,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
