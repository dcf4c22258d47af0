-- One row per customer who owes or keeps anything tonight: the org that owns the relationship (客户归属机构), that
-- of the largest loan, else of the largest credit-card balance, else of the largest deposit. Ties go to the
-- earliest opening, then to the smallest org. Everybody else's is the home org: int_customer__month says it
-- of all customers.

{{ config(materialized='view', tags=['night']) }}

with deposits as (

    select
        holdings.customer_id,
        holdings.account_id,
        holdings.org_id,
        cast(holdings.aum_plain_amt as {{ exact_type() }}) + holdings.aum_fine_amt as balance_amt
    from {{ by_survivor(ref('int_aum__holding_day')) }} as holdings
    inner join {{ ref('int_calendar__open_months') }} as months
        on holdings.month_start_date = months.month_start_date and months.is_current
    where
        holdings.business_date = {{ business_date() }}
        and holdings.balance_source = 'deposit'
        and (holdings.aum_plain_amt > 0 or holdings.aum_fine_amt > 0)

),

-- nearly everybody keeps all deposits with one org: there is nothing to compare
depositors as (

    select customer_id, min(org_id) as first_org_id, max(org_id) as last_org_id
    from deposits
    group by customer_id

),

compared as (

    select
        deposits.customer_id,
        {{ first_by('deposits.org_id', ['-deposits.balance_amt', 'accounts.open_date', 'deposits.org_id']) }}
            as org_id
    from deposits
    inner join depositors
        on deposits.customer_id = depositors.customer_id and depositors.first_org_id <> depositors.last_org_id
    inner join {{ by_survivor(ref('int_account__versions')) }} as accounts
        on deposits.account_id = accounts.account_id and accounts.known_to_date is null
    group by deposits.customer_id

),

by_deposit as (

    select customer_id, first_org_id as org_id from depositors where first_org_id = last_org_id
    union all
    select customer_id, org_id from compared

),

by_debt as (

    select
        customer_id,
        {{ first_by(
            'org_id',
            ["case when debt_code = 'loan' then 1 else 2 end", '-balance_amt', 'open_date', 'org_id']
        ) }} as org_id
    from {{ ref('int_customer__debt') }}
    group by customer_id

)

select
    coalesce(by_debt.customer_id, by_deposit.customer_id) as customer_id,
    coalesce(by_debt.org_id, by_deposit.org_id) as owning_org_id
from by_deposit
full outer join by_debt on by_deposit.customer_id = by_debt.customer_id
