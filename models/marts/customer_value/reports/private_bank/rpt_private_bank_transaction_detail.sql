-- One row per transaction on an account of a private-banking customer, as of the night that brought it: the
-- customer was in a class in the month of the transaction or the month before it. A transaction of a month
-- that was over before that night counts in the running month.

{{ config(meta={
    'grain': ['month_start_date', 'txn_id'], 'partition': 'month_start_date', 'carried': 'business_date',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

members as (

    select
        customer_id,
        month_start_date,
        min(org_id) as org_id,
        min(employee_id) as employee_id
    from {{ ref('int_private_bank__member_month') }}
    group by customer_id, month_start_date

),

accounts as (

    select * from {{ by_survivor(ref('int_account__versions')) }} where known_to_date is null

),

rates as (

    select currency_code, mid_rate
    from {{ ref('int_fx__rate_by_day') }}
    where calendar_date = {{ business_date() }}

),

transactions as (

    select
        tonight.*,
        accounts.customer_id,
        coalesce(months.month_start_date, {{ month_start(business_date()) }}) as month_start_date
    from {{ ref('stg_core_banking__transactions') }} as tonight
    inner join accounts on tonight.account_id = accounts.account_id
    -- but for those sent again
    inner join {{ ref('int_account__transaction') }} as fresh
        on tonight.txn_id = fresh.txn_id and fresh.business_date = {{ business_date() }}
    left join months on {{ month_start('tonight.txn_date') }} = months.month_start_date

)

select
    -- ids
    transactions.txn_id,
    transactions.customer_id,
    transactions.account_id,
    members.org_id,
    members.employee_id,
    transactions.org_id as txn_org_id,
    transactions.reversed_txn_id,

    -- codes
    transactions.txn_type_code,
    transactions.direction_code,
    transactions.channel_code,
    transactions.currency_code,

    -- dates
    transactions.month_start_date,
    transactions.txn_date,
    {{ business_date() }} as business_date,

    -- measures
    transactions.amount_ccy_amt,
    cast(cast(transactions.amount_ccy_amt as decimal(38, 2)) * rates.mid_rate as {{ amount_type() }})
        as amount_amt,

    -- flags
    transactions.is_in_bank

from transactions
inner join members
    on
        transactions.customer_id = members.customer_id
        and transactions.month_start_date = members.month_start_date
inner join rates on transactions.currency_code = rates.currency_code
