-- One row per currency × rate_date of tonight's full extract: mid rates of foreign currencies.

with source as (

    select * from {{ source('core_banking', 'fx_rate') }}

),

renamed as (

    select
        -- codes and names
        currency as currency_code,

        -- dates
        rate_date,

        -- measures
        mid_rate,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
