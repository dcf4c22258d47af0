-- One row per private-banking customer, month and product: what the customer holds of it (assets that count
-- as AUM) or owes on it (loans, credit cards). Months before the first night have no products.

{{ config(meta={
    'grain': ['month_start_date', 'customer_id', 'side_code', 'product_code'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with members as (

    select distinct customer_id, org_id, employee_id, month_start_date, is_provisional
    from {{ ref('int_private_bank__member_month') }}
    where is_member

),

assets as (

    select
        holdings.customer_id,
        holdings.month_start_date,
        holdings.product_code,
        holdings.balance_source as balance_class_code,
        sum(holdings.aum_plain_amt) as plain_amt,
        sum(holdings.aum_fine_amt) as fine_amt
    from {{ by_survivor(ref('int_aum__holding_day')) }} as holdings
    inner join members
        on
            holdings.customer_id = members.customer_id
            and holdings.month_start_date = members.month_start_date
    where holdings.business_date = {{ business_date() }}
    group by
        holdings.customer_id, holdings.month_start_date, holdings.product_code, holdings.balance_source

),

-- rounded as running totals, deposits first: so the parts add to the customer's deposits and total
running as (

    select
        customer_id,
        month_start_date,
        product_code,
        balance_class_code,
        sum(plain_amt) over to_here as plain_amt,
        sum(fine_amt) over to_here as fine_amt
    from assets
    window to_here as (
        partition by customer_id, month_start_date
        order by balance_class_code nulls last, product_code nulls last
        rows between unbounded preceding and current row
    )

),

rounded as (

    select
        *,
        {{ round_amount('plain_amt', 'fine_amt') }} as through_amt
    from running

),

asset_rows as (

    select
        customer_id,
        month_start_date,
        'asset' as side_code,
        balance_class_code,
        product_code,
        cast(
            through_amt - coalesce(
                lag(through_amt) over (
                    partition by customer_id, month_start_date
                    order by balance_class_code nulls last, product_code nulls last
                ), 0
            ) as {{ amount_type() }}
        ) as balance_amt
    from rounded

),

debt_rows as (

    select
        debts.customer_id,
        debts.month_start_date,
        'liability' as side_code,
        debts.balance_class_code,
        debts.product_code,
        debts.balance_amt
    from {{ ref('int_private_bank__debt_night') }} as debts

),

balances as (

    select * from asset_rows
    union all
    select * from debt_rows

)

select
    -- ids
    balances.customer_id,
    members.org_id,
    members.employee_id,

    -- codes
    balances.side_code,
    balances.balance_class_code,
    balances.product_code,

    -- dates
    balances.month_start_date,

    -- measures
    balances.balance_amt,

    -- flags
    members.is_provisional

from balances
inner join members
    on balances.customer_id = members.customer_id and balances.month_start_date = members.month_start_date
where balances.balance_amt <> 0
