-- One row per curve_id × tenor_days × rate_date of tonight's full extract: funds-transfer-pricing curves.

with source as (

    select * from {{ source('core_banking', 'ftp_rate') }}

),

renamed as (

    select
        -- ids
        curve_id,

        -- dates
        rate_date,

        -- measures
        tenor_days,
        rate as ftp_rate,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
