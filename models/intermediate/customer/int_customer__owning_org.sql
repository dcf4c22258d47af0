-- One row per customer as of tonight: the org that owns the relationship (客户归属机构): that of the largest
-- loan, else of the largest credit-card balance, else of the largest deposit, else the home org.
-- Ties go to the earliest opening, then to the smallest org.

with debts as (

    select * from {{ ref('int_customer__debt') }}

),

deposit_balances as (

    select
        holdings.customer_id,
        holdings.org_id,
        accounts.open_date,
        cast(holdings.aum_plain_amt as {{ exact_type() }}) + holdings.aum_fine_amt as balance_amt
    from {{ ref('int_aum__holding_day') }} as holdings
    inner join {{ ref('int_calendar__open_months') }} as months
        on holdings.month_start_date = months.month_start_date and months.is_current
    inner join {{ ref('int_account__versions') }} as accounts
        on holdings.account_id = accounts.account_id and accounts.known_to_date is null
    where
        holdings.business_date = {{ business_date() }}
        and holdings.balance_source = 'deposit'
        and (holdings.aum_plain_amt > 0 or holdings.aum_fine_amt > 0)

),

by_loan as (

    select
        customer_id,
        {{ first_by('org_id', ['-balance_amt', 'open_date', 'org_id']) }} as org_id
    from debts
    where debt_code = 'loan'
    group by customer_id

),

by_card as (

    select
        customer_id,
        {{ first_by('org_id', ['-balance_amt', 'open_date', 'org_id']) }} as org_id
    from debts
    where debt_code = 'card'
    group by customer_id

),

by_deposit as (

    select
        customer_id,
        {{ first_by('org_id', ['-balance_amt', 'open_date', 'org_id']) }} as org_id
    from deposit_balances
    group by customer_id

),

customers as (

    select distinct customer_id, home_org_id from {{ ref('int_customer__month') }}

)

select
    customers.customer_id,
    coalesce(by_loan.org_id, by_card.org_id, by_deposit.org_id, customers.home_org_id) as owning_org_id
from customers
left join by_loan on customers.customer_id = by_loan.customer_id
left join by_card on customers.customer_id = by_card.customer_id
left join by_deposit on customers.customer_id = by_deposit.customer_id
