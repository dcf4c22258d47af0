-- One row per org_id × asset_class of tonight's full extract: the books' own totals to reconcile against.

with source as (

    select * from {{ source('core_banking', 'ledger_control') }}

),

renamed as (

    select
        -- ids
        org_id,

        -- codes and names
        asset_class as asset_class_code,

        -- measures
        balance as balance_amt,

        -- lineage
        source_file,
        source_row

    from source

)

select * from renamed
