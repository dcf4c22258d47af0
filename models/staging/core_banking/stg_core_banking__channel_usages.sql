-- One row per customer_id, channel_code and usage_date that tonight's batch reports: what customers did in a
-- channel on a day.

with source as (

    select * from {{ source('core_banking', 'channel_usage') }}

),

renamed as (

    select
        -- ids
        customer_id,

        -- codes and names
        channel_code,

        -- dates
        usage_date,

        -- measures
        logins as login_cnt,
        txns as txn_cnt,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
