-- One row per assignment_id that tonight's batch adds, changes or deletes: which manager looks after which
-- customer, from when to when.

with source as (

    select * from {{ source('core_banking', 'assignment') }}

),

renamed as (

    select
        -- ids
        assignment_id,
        customer_id,
        employee_id,
        org_id,

        -- codes and names
        role as role_code,
        change_reason as change_reason_code,

        -- dates
        valid_from as valid_from_date,
        valid_to as valid_to_date,
        {{ bank_local('recorded_at') }} as recorded_at,

        -- measures
        participation as participation_share,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
