-- One row per customer_id that tonight's batch adds, changes or deletes: customers, personal and corporate.
-- Names, certificates and mobiles are private.

with source as (

    select * from {{ source('core_banking', 'customer') }}

),

renamed as (

    select
        -- ids
        customer_id,
        home_org_id,
        household_id,
        golden_id,

        -- codes and names
        customer_type as customer_type_code,
        customer_name,
        cert_type as cert_type_code,
        cert_no,
        gender as gender_code,
        mobile,
        occupation_code,
        education_code,
        region_code,
        industry_code,
        income_band as income_band_code,
        risk_level as risk_level_code,
        acquisition_source as acquisition_source_code,
        status as status_code,

        -- dates
        birth_date,
        first_open_date,

        -- measures
        credit_limit as credit_limit_amt,

        -- flags
        is_employee,

        -- lineage
        op as op_code,
        source_file,
        source_row

    from source

)

select * from renamed
