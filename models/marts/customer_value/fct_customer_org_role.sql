-- One row per customer, org and month: the owning org is the main one (主办), every other org that keeps a
-- balance of the customer an assistant (协办), with what each of them keeps. From the month of the first night
-- on; what was owed before is not recorded. A month that ended without a batch keeps the debts that the last
-- night saw.

{{ config(meta={
    'grain': ['customer_id', 'org_id', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select *
    from {{ ref('int_calendar__open_months') }}
    {%- if is_first_night() %}
    where is_current
    {%- endif %}

),

main_orgs as (

    select customers.customer_id, customers.owning_org_id as org_id, customers.month_start_date
    from {{ ref('int_customer__month') }} as customers
    inner join months on customers.month_start_date = months.month_start_date

),

assets as (

    select
        parts.customer_id,
        parts.org_id,
        parts.month_start_date,
        case when parts.asset_class_code = 'wealth' then 0 else parts.aum_end_amt end as deposit_end_amt,
        case when parts.asset_class_code = 'wealth' then parts.aum_end_amt else 0 end as investment_end_amt
    from {{ ref('fct_customer_aum_part_monthly') }} as parts
    inner join months on parts.month_start_date = months.month_start_date
    where parts.aum_end_amt <> 0

),

debts as (

    select
        debts.customer_id,
        debts.org_id,
        debts.month_start_date,
        cast(sum(case when debts.debt_code = 'loan' then debts.balance_amt else 0 end) as {{ amount_type() }})
            as loan_balance_amt,
        cast(sum(case when debts.debt_code = 'card' then debts.balance_amt else 0 end) as {{ amount_type() }})
            as card_balance_amt
    from {{ ref('int_customer__debt_month') }} as debts
    -- what a departed customer owes has no main org to stand beside
    inner join main_orgs
        on debts.customer_id = main_orgs.customer_id and debts.month_start_date = main_orgs.month_start_date
    where debts.business_date = {{ business_date() }}
    group by debts.customer_id, debts.org_id, debts.month_start_date

),

balances as (

    select
        customer_id,
        org_id,
        month_start_date,
        deposit_end_amt,
        investment_end_amt,
        0 as loan_balance_amt,
        0 as card_balance_amt
    from assets
    union all
    select
        customer_id,
        org_id,
        month_start_date,
        0 as deposit_end_amt,
        0 as investment_end_amt,
        loan_balance_amt,
        card_balance_amt
    from debts

),

kept as (

    select
        customer_id,
        org_id,
        month_start_date,
        sum(deposit_end_amt) as deposit_end_amt,
        sum(investment_end_amt) as investment_end_amt,
        sum(loan_balance_amt) as loan_balance_amt,
        sum(card_balance_amt) as card_balance_amt
    from balances
    group by customer_id, org_id, month_start_date

),

-- a customer has a main org even if it keeps nothing
by_org as (

    select
        coalesce(main_orgs.customer_id, kept.customer_id) as customer_id,
        coalesce(main_orgs.org_id, kept.org_id) as org_id,
        coalesce(main_orgs.month_start_date, kept.month_start_date) as month_start_date,
        case when main_orgs.customer_id is not null then 'main' else 'assistant' end as role_code,
        coalesce(kept.deposit_end_amt, 0) as deposit_end_amt,
        coalesce(kept.investment_end_amt, 0) as investment_end_amt,
        coalesce(kept.loan_balance_amt, 0) as loan_balance_amt,
        coalesce(kept.card_balance_amt, 0) as card_balance_amt
    from main_orgs
    full outer join kept
        on
            main_orgs.customer_id = kept.customer_id
            and main_orgs.org_id = kept.org_id
            and main_orgs.month_start_date = kept.month_start_date

)

select
    -- ids
    by_org.customer_id,
    by_org.org_id,

    -- codes
    by_org.role_code,

    -- dates
    by_org.month_start_date,

    -- measures
    cast(by_org.deposit_end_amt as {{ amount_type() }}) as deposit_end_amt,
    cast(by_org.investment_end_amt as {{ amount_type() }}) as investment_end_amt,
    cast(by_org.loan_balance_amt as {{ amount_type() }}) as loan_balance_amt,
    cast(by_org.card_balance_amt as {{ amount_type() }}) as card_balance_amt,

    -- flags
    months.is_provisional

from by_org
inner join months on by_org.month_start_date = months.month_start_date
