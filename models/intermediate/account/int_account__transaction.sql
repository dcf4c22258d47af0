-- One row per transaction on an account, with the night that brought it; a transaction sent twice counts once,
-- whatever date it has the second time. Only the nights are kept in which a first one is looked for, and as many
-- before them, for nights that are run again.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
    post_hook="delete from {{ this }} where business_date < {{ add_days(business_date(), '-2 * ' ~ repeated_txn_days()) }}",
) }}

with tonight as (

    select txn_id, account_id, txn_date
    from {{ ref('stg_core_banking__transactions') }}

)

select
    -- ids
    tonight.txn_id,
    tonight.account_id,

    -- dates
    tonight.txn_date,
    {{ business_date() }} as business_date

from tonight
{% if has_state() %}
left join (
    select txn_id
    from {{ this }}
    where business_date >= {{ add_days(business_date(), '-' ~ repeated_txn_days()) }}
) as earlier on tonight.txn_id = earlier.txn_id
where earlier.txn_id is null
{% endif %}
