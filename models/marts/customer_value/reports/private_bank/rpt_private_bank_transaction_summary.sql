-- One row per org, month, type and direction of transaction: how many there were on the accounts of
-- private-banking customers, and how much.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'txn_type_code', 'direction_code'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

select
    -- ids
    transactions.org_id,

    -- codes
    transactions.txn_type_code,
    transactions.direction_code,

    -- dates
    transactions.month_start_date,

    -- measures
    count(*) as txn_cnt,
    count(distinct transactions.customer_id) as customer_cnt,
    cast(sum(transactions.amount_amt) as {{ amount_type() }}) as amount_amt,
    cast(
        sum(case when transactions.is_in_bank then 0 else transactions.amount_amt end) as {{ amount_type() }}
    ) as out_of_bank_amt,

    -- flags
    months.is_provisional

from {{ ref('rpt_private_bank_transaction_detail') }} as transactions
inner join {{ ref('int_calendar__open_months') }} as months
    on transactions.month_start_date = months.month_start_date
group by
    transactions.org_id, transactions.txn_type_code, transactions.direction_code,
    transactions.month_start_date, months.is_provisional
