-- One row per customer, day, flow, direction and night: what the night brought of the day. Events look back
-- over these rows and never over transactions; they are kept for the 90 days of a customer's own baseline,
-- and for nights that are run again.

{{ config(
    materialized='incremental', meta={'carried': 'business_date'},
    post_hook="delete from {{ this }}
        where business_date < {{ add_days(business_date(), '-100 - ' ~ replayed_days()) }}",
) }}

select
    -- ids
    customer_id,

    -- codes
    flow_code,
    flow_direction_code,

    -- dates
    txn_date,
    {{ business_date() }} as business_date,

    -- measures
    cast(sum(signed_plain_amt) as {{ sum_type() }}) as signed_plain_amt,
    cast(sum(signed_fine_amt) as {{ exact_type() }}) as signed_fine_amt,
    -- a reversal takes its original off
    cast(sum(case when is_reversal then -1 else 1 end) as integer) as txn_cnt,
    cast(sum(case when is_reversal then 0 else 1 end) as integer) as new_txn_cnt

from {{ ref('int_flow__told') }}
where
    flow_code in ({{ counted_flows() }}, 'purchase')
    and txn_date >= {{ add_days(business_date(), -100) }}
group by customer_id, flow_code, flow_direction_code, txn_date
