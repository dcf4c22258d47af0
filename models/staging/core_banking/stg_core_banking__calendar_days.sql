-- One row per calendar_date of tonight's full extract: the bank's calendar.

with source as (

    select * from {{ source('core_banking', 'calendar') }}

),

renamed as (

    select
        -- codes and names
        festival_code,

        -- dates
        calendar_date,

        -- flags
        is_business_day,
        is_interest_settlement,
        is_small_fee_day,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
