-- One row per case_id that tonight's batch adds, changes or deletes: requests and complaints of customers.

with source as (

    select * from {{ source('core_banking', 'service_case') }}

),

renamed as (

    select
        -- ids
        case_id,
        customer_id,

        -- codes and names
        case_type as case_type_code,

        -- dates
        {{ bank_local('opened_at') }} as opened_at,
        {{ bank_local('first_reply_at') }} as first_reply_at,
        {{ bank_local('closed_at') }} as closed_at,

        -- measures
        score,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
