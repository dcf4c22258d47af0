-- One row per scope_type, scope_id, indicator_code, period and version that tonight's batch reports: targets
-- of the bank, its organisations and its people.

with source as (

    select * from {{ source('core_banking', 'plan_target') }}

),

renamed as (

    select
        -- ids
        scope_id,

        -- codes and names
        scope_type as scope_type_code,
        indicator_code,
        period as period_code,

        -- measures
        version as plan_version,
        target_value,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
