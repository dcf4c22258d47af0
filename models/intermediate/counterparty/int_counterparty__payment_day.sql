-- One row per corporate customer, counterparty, day and night: what was paid between them, either way. A
-- counterparty is a customer of the bank or an account elsewhere. Kept for the 12 months in which a
-- counterparty is known, and for nights that are run again.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
    post_hook="delete from {{ this }}
        where business_date < {{ add_days(business_date(), '-375 - ' ~ replayed_days()) }}",
) }}

with payments as (

    select
        flows.customer_id,
        flows.txn_date,
        flows.told_date,
        coalesce(
            'customer|' || flows.counter_customer_id,
            'account|' || transactions.counter_account || '|' || coalesce(transactions.counter_bank_code, '')
        ) as counterparty_key,
        flows.signed_plain_amt,
        flows.signed_fine_amt
    from {{ ref('int_flow__told') }} as flows
    inner join {{ ref('stg_core_banking__transactions') }} as transactions
        on flows.txn_id = transactions.txn_id
    inner join {{ ref('int_customer__versions') }} as customers
        on
            flows.customer_id = customers.customer_id
            and customers.known_to_date is null
            and customers.customer_type_code = 'C'
    where flows.flow_code in ({{ counted_flows() }}) and not flows.is_reversal

)

select
    -- ids
    customer_id,
    counterparty_key,

    -- dates
    txn_date,
    {{ business_date() }} as business_date,
    told_date,

    -- measures
    {{ sum_of_sizes() }} as paid_amt

from payments
where counterparty_key is not null
group by customer_id, counterparty_key, txn_date, told_date
