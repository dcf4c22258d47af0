-- One row per org, private-banking class, month and class of balance: assets (deposit, investment) and
-- liabilities (loan, credit_card) of the customers, and how many have any.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'class_code', 'balance_class_code'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with members as (

    select * from {{ ref('int_private_bank__member_month') }} where is_member

),

aum as (

    select aum.customer_id, aum.month_start_date, aum.deposit_end_amt, aum.investment_end_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join {{ ref('int_calendar__open_months') }} as months
        on aum.month_start_date = months.month_start_date

),

balances as (

    select
        customer_id, month_start_date, 'asset' as side_code, 'deposit' as balance_class_code,
        deposit_end_amt as balance_amt
    from aum
    union all
    select
        customer_id, month_start_date, 'asset' as side_code, 'investment' as balance_class_code,
        investment_end_amt as balance_amt
    from aum
    union all
    select
        customer_id, month_start_date, 'liability' as side_code, balance_class_code,
        sum(balance_amt) as balance_amt
    from {{ ref('int_private_bank__debt_night') }}
    group by customer_id, month_start_date, balance_class_code

)

select
    -- ids
    members.org_id,

    -- codes
    members.class_code,
    balances.side_code,
    balances.balance_class_code,

    -- dates
    members.month_start_date,

    -- measures
    count(*) as customer_cnt,
    cast(sum(balances.balance_amt) as {{ amount_type() }}) as balance_amt,

    -- flags
    members.is_provisional

from members
inner join balances
    on members.customer_id = balances.customer_id and members.month_start_date = balances.month_start_date
where balances.balance_amt <> 0
group by
    members.org_id, members.class_code, balances.side_code, balances.balance_class_code,
    members.month_start_date, members.is_provisional
