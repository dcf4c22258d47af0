-- One row per payment of a corporate customer that has another side, with the night that brought it: who that
-- side is, by the number that was told of. A reversal takes back what was paid to the side of its original,
-- whatever it says of its own. Kept for as long as an original is sought, and for nights that are run again.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
    post_hook="delete from {{ this }} where business_date < {{ add_days(
        business_date(), '-' ~ oldest_event_days() ~ ' - ' ~ replayed_days()
    ) }}",
) }}

with corporates as (

    select customer_id
    from {{ ref('int_customer__versions') }}
    where known_to_date is null and customer_type_code = 'C'

),

paid as (

    -- an account of several has a payment once
    select distinct flows.txn_id
    from {{ ref('int_flow__told') }} as flows
    inner join corporates on flows.customer_id = corporates.customer_id
    where flows.business_date = {{ business_date() }}

),

-- tonight's batch tells of the other side; it is named by its customer number, else by its account and bank
sides as (

    select
        told.txn_id,
        told.txn_type_code,
        case when told.is_in_bank then coalesce(told.counter_customer_id, accounts.customer_id) end
            as counterparty_customer_id,
        told.is_in_bank,
        told.counter_account,
        told.counter_bank_code,
        told.counter_bank_name,
        told.counter_name
    from {{ ref('stg_core_banking__transactions') }} as told
    inner join paid on told.txn_id = paid.txn_id
    left join {{ ref('int_account__versions') }} as accounts
        on
            {{ key_where('told.is_in_bank', 'told.counter_account') }} = accounts.account_id
            and accounts.known_to_date is null
    where told.counter_account is not null or (told.is_in_bank and told.counter_customer_id is not null)

)

select
    -- ids
    txn_id,
    case
        when counterparty_customer_id is not null then 'customer|' || counterparty_customer_id
        else 'account|' || counter_account || '|' || coalesce(counter_bank_code, '')
    end as counterparty_key,
    counterparty_customer_id,

    -- codes and names
    txn_type_code,
    case when counterparty_customer_id is null then counter_bank_code end as counter_bank_code,
    case when counterparty_customer_id is null then counter_bank_name end as counter_bank_name,
    case when counterparty_customer_id is null then counter_name end as counter_name,

    -- dates
    {{ business_date() }} as business_date,

    -- flags: in the bank, also where the account is nobody's that the extracts tell of
    is_in_bank

from sides
