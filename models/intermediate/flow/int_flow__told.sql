-- One row per transaction that tonight's batch brought and owner of its account: the owner's part of it, by
-- the share and at the rate of tonight. What tonight's batch told of a month that it closed is here too, with
-- the month's last day as its business date; the build of that day has it as well, to be counted in the month
-- (`told_date` is later then). Owners and other sides are named by the number that was told of.

{{ config(materialized='table') }}

with transactions as (

    select *
    from {{ ref('int_account__transaction') }}
    where
        (business_date = {{ business_date() }} or told_date = {{ business_date() }})
        {% if not is_first_night() -%}
        and business_date >= {{ previous_batch_date() }}
        {%- endif %}

),

rates as (

    select currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

),

shared as (

    select
        transactions.*,
        holders.customer_id,
        holders.org_id,
        holders.ownership_share,
        transactions.currency_code = '{{ var("reporting_currency") }}' and holders.ownership_share = 1
            as is_plain,
        cast(
            cast(transactions.signed_ccy_amt as decimal(24, 2)) * holders.ownership_share * rates.mid_rate
            as {{ exact_type() }}
        ) as signed_exact_amt
    from transactions
    -- an owner whose share is 0 has no part in it
    inner join {{ ref('int_account__told_holder') }} as holders
        on transactions.account_id = holders.account_id and holders.ownership_share <> 0
    inner join rates on transactions.currency_code = rates.currency_code

)

select
    -- ids
    txn_id,
    account_id,
    customer_id,
    org_id,
    counter_customer_id,
    reversed_txn_id,

    -- codes
    txn_type_code,
    direction_code,
    flow_code,
    flow_direction_code,
    channel_code,
    currency_code,

    -- dates
    txn_date,
    txn_at,
    business_date,
    told_date,

    -- measures
    ownership_share,
    amount_ccy_amt,
    signed_ccy_amt,
    -- the owner's part in the reporting currency: whole cents, and what takes more decimals
    case when is_plain then signed_ccy_amt else cast(0 as {{ amount_type() }}) end as signed_plain_amt,
    case when is_plain then cast(0 as {{ exact_type() }}) else signed_exact_amt end as signed_fine_amt,
    case when is_plain then signed_ccy_amt else cast(signed_exact_amt as {{ amount_type() }}) end
        as signed_amt,

    -- flags
    is_in_bank,
    is_reversal

from shared
