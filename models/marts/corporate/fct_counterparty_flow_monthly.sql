-- One row per corporate customer, counterparty and month (资金链): what the counterparty paid and was paid. A
-- counterparty in the bank is named by its customer number; of one outside, account and bank leave as a key
-- alone. Reversed payments are taken off. What a customer moves between own accounts is no payment.

{{ config(meta={
    'grain': ['customer_id', 'counterparty_key', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

select
    -- ids
    flows.customer_id,
    flows.counterparty_key,
    flows.counterparty_customer_id,

    -- codes and names
    flows.counter_bank_code,
    flows.counter_bank_name,
    flows.counter_name,

    -- dates
    flows.month_start_date,

    -- measures
    flows.in_amt,
    flows.out_amt,
    flows.in_cnt,
    flows.out_cnt,
    flows.salary_out_amt,

    -- flags
    -- an account of the bank's own is inside, though no customer's
    flows.counterparty_customer_id is not null or flows.is_counterparty_in_bank as is_inside,
    months.is_provisional

from {{ ref('int_counterparty__month') }} as flows
inner join {{ ref('int_calendar__open_months') }} as months
    on flows.month_start_date = months.month_start_date
where flows.business_date = {{ business_date() }}
