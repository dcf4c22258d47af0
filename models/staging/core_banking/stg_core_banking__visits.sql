-- One row per visit_id that tonight's batch reports: visits to customers.
-- The purpose is free text: no mart reads it.

with source as (

    select * from {{ source('core_banking', 'visit') }}

),

renamed as (

    select
        -- ids
        visit_id,
        customer_id,
        employee_id,

        -- codes and names
        purpose as purpose_text,

        -- dates
        {{ bank_local('visited_at') }} as visited_at,

        -- flags
        has_location,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
