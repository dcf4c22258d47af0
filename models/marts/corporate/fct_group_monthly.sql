-- One row per group, by its ultimate parent, and month (集团汇总): what its members of the month's last processed
-- day keep, owe and earn together, each customer once.

{{ config(meta={
    'grain': ['ultimate_parent_customer_id', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

members as (

    select
        members.customer_id,
        members.ultimate_parent_customer_id,
        months.month_start_date
    from {{ ref('fct_group_member') }} as members
    inner join months
        on
            members.valid_from_date <= months.through_date
            and (members.valid_to_date is null or members.valid_to_date > months.through_date)

),

deposits as (

    select aum.customer_id, aum.month_start_date, aum.deposit_end_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join members
        on aum.customer_id = members.customer_id and aum.month_start_date = members.month_start_date

),

loans as (

    select
        debts.customer_id,
        debts.month_start_date,
        cast(sum(debts.balance_amt) as {{ amount_type() }}) as loan_amt
    from {{ ref('int_customer__debt_month') }} as debts
    inner join members
        on debts.customer_id = members.customer_id and debts.month_start_date = members.month_start_date
    where debts.business_date = {{ business_date() }} and debts.debt_code = 'loan'
    group by debts.customer_id, debts.month_start_date

),

-- as of tonight; of the months before the first night as the initial load tells
classes as (

    select
        held.customer_id,
        months.month_start_date,
        max({{ five_class_rank('balances.five_class_code') }}) as class_rank
    from {{ ref('stg_core_banking__loan_balances') }} as balances
    inner join {{ by_survivor(ref('int_loan__versions')) }} as held
        on balances.loan_id = held.loan_id and held.known_to_date is null
    inner join months on {{ 'true' if has_state() else 'months.is_current' }}
    group by held.customer_id, months.month_start_date
    union all
    select
        held.customer_id,
        months.month_start_date,
        max({{ five_class_rank('history.worst_five_class_code') }}) as class_rank
    from {{ ref('stg_core_banking__monthly_loans') }} as history
    inner join {{ by_survivor(ref('int_loan__versions')) }} as held
        on history.loan_id = held.loan_id and held.known_to_date is null
    inner join months on history.month_start_date = months.month_start_date and not months.is_current
    group by held.customer_id, months.month_start_date

),

contributions as (

    select earned.customer_id, earned.month_start_date, earned.contribution_amt
    from {{ ref('fct_customer_contribution_monthly') }} as earned
    inner join members
        on earned.customer_id = members.customer_id and earned.month_start_date = members.month_start_date

),

-- a customer for whom several members answer counts once
guaranteed as (

    select
        debtors.customer_id,
        debtors.month_start_date,
        count(*) as guarantee_cnt
    from {{ by_survivor(ref('int_customer__relation_versions'), columns=['customer_id', 'related_id']) }}
        as relations
    inner join members as debtors on relations.customer_id = debtors.customer_id
    inner join members as guarantors
        on
            relations.related_id = guarantors.customer_id
            and debtors.month_start_date = guarantors.month_start_date
            and debtors.ultimate_parent_customer_id = guarantors.ultimate_parent_customer_id
    inner join months on debtors.month_start_date = months.month_start_date
    where
        relations.known_to_date is null
        and relations.relation_type_code = 'guarantor'
        and relations.customer_id <> relations.related_id
        and relations.valid_from <= months.through_date
        and coalesce({{ told_date('relations.valid_to') }}, cast('9999-12-31' as date)) > months.through_date
    group by debtors.customer_id, debtors.month_start_date

),

payments as (

    select
        payers.ultimate_parent_customer_id,
        payers.month_start_date,
        sum(flows.out_amt) as inside_payment_amt,
        sum(flows.out_cnt) as inside_payment_cnt
    from {{ flows_by_survivor(ref('fct_counterparty_flow_monthly')) }} as flows
    inner join members as payers
        on flows.customer_id = payers.customer_id and flows.month_start_date = payers.month_start_date
    inner join members as payees
        on
            flows.counterparty_customer_id = payees.customer_id
            and flows.month_start_date = payees.month_start_date
            and payers.ultimate_parent_customer_id = payees.ultimate_parent_customer_id
    where payers.customer_id <> payees.customer_id
    group by payers.ultimate_parent_customer_id, payers.month_start_date

),

totals as (

    select
        members.ultimate_parent_customer_id,
        members.month_start_date,
        count(*) as member_cnt,
        sum(coalesce(deposits.deposit_end_amt, 0)) as deposit_end_amt,
        sum(coalesce(loans.loan_amt, 0)) as loan_amt,
        sum(coalesce(guaranteed.guarantee_cnt, 0)) as guarantee_cnt,
        sum(case when guaranteed.guarantee_cnt > 0 then coalesce(loans.loan_amt, 0) else 0 end)
            as guaranteed_loan_amt,
        sum(coalesce(contributions.contribution_amt, 0)) as contribution_amt,
        max(classes.class_rank) as worst_class_rank
    from members
    left join deposits
        on members.customer_id = deposits.customer_id and members.month_start_date = deposits.month_start_date
    left join loans
        on members.customer_id = loans.customer_id and members.month_start_date = loans.month_start_date
    left join classes
        on members.customer_id = classes.customer_id and members.month_start_date = classes.month_start_date
    left join contributions
        on
            members.customer_id = contributions.customer_id
            and members.month_start_date = contributions.month_start_date
    left join guaranteed
        on
            members.customer_id = guaranteed.customer_id
            and members.month_start_date = guaranteed.month_start_date
    group by members.ultimate_parent_customer_id, members.month_start_date

)

select
    -- ids
    totals.ultimate_parent_customer_id,

    -- codes
    {{ five_class_of('totals.worst_class_rank') }} as worst_five_class_code,

    -- dates
    totals.month_start_date,

    -- measures
    totals.member_cnt,
    cast(totals.deposit_end_amt as {{ amount_type() }}) as deposit_end_amt,
    cast(totals.loan_amt as {{ amount_type() }}) as loan_amt,
    cast(totals.guarantee_cnt as bigint) as guarantee_cnt,
    cast(totals.guaranteed_loan_amt as {{ amount_type() }}) as guaranteed_loan_amt,
    cast(totals.contribution_amt as {{ amount_type() }}) as contribution_amt,
    cast(coalesce(payments.inside_payment_amt, 0) as {{ amount_type() }}) as inside_payment_amt,
    cast(coalesce(payments.inside_payment_cnt, 0) as bigint) as inside_payment_cnt,

    -- flags
    months.is_provisional

from totals
inner join months on totals.month_start_date = months.month_start_date
left join payments
    on
        totals.ultimate_parent_customer_id = payments.ultimate_parent_customer_id
        and totals.month_start_date = payments.month_start_date
