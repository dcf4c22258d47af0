-- One row per account_id × customer_id that tonight's batch adds, changes or deletes: owners of joint
-- accounts; an account with no row belongs wholly to its holder.

with source as (

    select * from {{ source('core_banking', 'account_owner') }}

),

renamed as (

    select
        -- ids
        account_id,
        customer_id,

        -- measures
        ownership_share,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
