-- One row per corporate customer, counterparty and month (资金链): what the counterparty paid and was paid. A
-- counterparty in the bank is named by its customer number; of one outside, account and bank leave as a key
-- alone. Reversed payments are taken off. What a customer moves between own accounts is no payment.

{{ config(meta={
    'grain': ['customer_id', 'counterparty_key', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with flows as (

    select *
    from {{ flows_by_survivor(ref('int_counterparty__month')) }} as flows
    where business_date = {{ business_date() }}

),

-- of several spellings the last in order
summed as (

    select
        customer_id,
        counterparty_key,
        max(counterparty_customer_id) as counterparty_customer_id,
        max(counter_bank_code) as counter_bank_code,
        max(counter_bank_name) as counter_bank_name,
        max(counter_name) as counter_name,
        month_start_date,
        cast(sum(in_amt) as {{ amount_type() }}) as in_amt,
        cast(sum(out_amt) as {{ amount_type() }}) as out_amt,
        cast(sum(in_cnt) as bigint) as in_cnt,
        cast(sum(out_cnt) as bigint) as out_cnt,
        cast(sum(salary_out_amt) as {{ amount_type() }}) as salary_out_amt,
        bool_or(is_counterparty_in_bank) as is_counterparty_in_bank
    from flows
    group by customer_id, counterparty_key, month_start_date

)

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

from summed as flows
inner join {{ ref('int_calendar__open_months') }} as months
    on flows.month_start_date = months.month_start_date
