-- One row per customer, month and flow: the transactions dated in the month, by the customer's share of the
-- accounts, at the rate of the night that brought them. A reversal takes off in the flow of its original, on
-- its own day. A month that is over stays as it closed: what comes later for it is in the bridge of the month
-- that brought it.

{{ config(meta={
    'grain': ['customer_id', 'flow_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with flows as (

    select *
    from {{ one_for_survivors(
        by_survivor(ref('int_flow__month')),
        ['customer_id', 'flow_code', 'business_date', 'month_start_date'],
        {
            'txn_cnt': 'cast(sum(together.txn_cnt) as bigint)',
            'signed_plain_amt': 'sum(together.signed_plain_amt)',
            'signed_fine_amt': 'sum(together.signed_fine_amt)',
        },
    ) }} as states
    where business_date = {{ business_date() }}

),

months as (

    select * from {{ ref('int_calendar__open_months') }}

)

select
    -- ids
    flows.customer_id,

    -- codes
    flows.flow_code,

    -- dates
    flows.month_start_date,

    -- measures
    flows.txn_cnt,
    {{ round_signed('flows.signed_plain_amt', 'flows.signed_fine_amt') }} as amount_amt,

    -- flags
    months.is_provisional

from flows
inner join months on flows.month_start_date = months.month_start_date
