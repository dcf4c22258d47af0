-- One row per changed account, loan or card and span of days in which its org, holder and owners stay the
-- same. What was known first holds for the days before it, too.

{{ config(materialized='table') }}

with changed as (

    select * from {{ ref('int_contribution__changed') }}

),

versions as (

    select
        'account' as register_code, account_id, org_id, customer_id, known_from_date, known_to_date
    from {{ by_survivor(ref('int_account__versions')) }}
    union all
    select
        'loan' as register_code, loan_id as account_id, org_id, customer_id, known_from_date, known_to_date
    from {{ by_survivor(ref('int_loan__versions')) }}
    union all
    select
        'card' as register_code, card_id as account_id, org_id, customer_id, known_from_date, known_to_date
    from {{ by_survivor(ref('int_card__versions')) }}

),

told as (

    select
        versions.register_code,
        versions.account_id,
        versions.org_id,
        versions.customer_id,
        versions.known_from_date,
        coalesce(versions.known_to_date, cast('9999-12-31' as date)) as known_to_date
    from versions
    inner join changed
        on versions.register_code = changed.register_code and versions.account_id = changed.account_id

),

owners as (

    select
        owners.account_id,
        owners.known_from_date,
        coalesce(owners.known_to_date, cast('9999-12-31' as date)) as known_to_date
    from {{ ref('int_account__owner_versions') }} as owners
    inner join changed on owners.account_id = changed.account_id and changed.register_code = 'account'

),

edges as (

    select register_code, account_id, known_from_date as edge_date from told
    union
    select register_code, account_id, known_to_date as edge_date from told
    union
    select 'account' as register_code, account_id, known_from_date as edge_date from owners
    union
    select 'account' as register_code, account_id, known_to_date as edge_date from owners

),

spans as (

    select
        register_code,
        account_id,
        edge_date as told_date,
        lead(edge_date) over by_date as to_date
    from edges
    window by_date as (partition by register_code, account_id order by edge_date nulls last)

),

of_contract as (

    select
        spans.register_code,
        spans.account_id,
        told.org_id,
        told.customer_id,
        spans.told_date,
        spans.to_date,
        min(spans.told_date) over (partition by spans.register_code, spans.account_id) as first_told_date
    from spans
    inner join told
        on
            spans.register_code = told.register_code
            and spans.account_id = told.account_id
            and spans.told_date >= told.known_from_date
            and spans.told_date < told.known_to_date

)

select
    -- ids
    account_id,
    org_id,
    customer_id,

    -- codes
    register_code,

    -- dates: the day that its owners are those of, and the span
    told_date,
    case when told_date = first_told_date then cast('1900-01-01' as date) else told_date end as from_date,
    to_date
from of_contract
