-- One row per employee_id of tonight's full extract: staff with their organisation and post.

with source as (

    select * from {{ source('core_banking', 'employee') }}

),

renamed as (

    select
        -- ids
        employee_id,
        org_id,

        -- codes and names
        employee_name,
        post as post_code,
        status as status_code,

        -- dates
        hired_on as hired_date,
        left_on as left_date,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
