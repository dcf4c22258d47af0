-- One row per personal customer, label and month, from the month of the first night on: what marks the
-- customer, with the amount and the day that show it. Closed customers have none.

{{ config(meta={
    'grain': ['customer_id', 'label_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }} where is_current

),

rules as (

    {{ segment_rules_in_force() }}

),

customers as (

    select
        customers.customer_id,
        customers.owning_org_id,
        months.month_start_date,
        months.month_index,
        months.through_date,
        months.is_provisional
    from {{ ref('int_customer__month') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    where customers.customer_type_code = 'P' and not customers.is_closed

),

-- few customers are near the next tier: only their earlier months are read
near as (

    select reasons.customer_id, reasons.next_tier_missing_amt, months.month_index, rules.rising_months
    from {{ ref('fct_tier_reason') }} as reasons
    inner join months on reasons.month_start_date = months.month_start_date
    inner join {{ ref('tier_rules') }} as tiers
        on reasons.rulebook_version = tiers.rulebook_version and reasons.next_tier_code = tiers.tier_code
    cross join rules
    where
        reasons.next_tier_missing_amt > 0
        and reasons.next_tier_missing_amt <= rules.rising_missing_share * tiers.aum_from_amt

),

averages as (

    select
        near.customer_id,
        near.next_tier_missing_amt,
        near.rising_months,
        case
            when aum.aum_month_avg_amt > lag(aum.aum_month_avg_amt) over (
                partition by near.customer_id order by aum.month_start_date nulls last
            ) then 1
            else 0
        end as is_risen
    from near
    inner join {{ one_for_survivors(
        by_survivor(ref('fct_customer_aum_monthly')),
        ['customer_id', 'month_start_date'],
        {
            'aum_month_avg_amt': 'sum(together.aum_month_avg_amt)',
            'is_partial_month': 'max(case when together.is_partial_month then 1 else 0 end) = 1',
        },
    ) }} as aum
        on
            near.customer_id = aum.customer_id
            and aum.month_start_date >= {{ month_from_index('near.month_index - near.rising_months') }}
            and aum.month_start_date <= {{ month_from_index('near.month_index') }}
    where
        aum.month_start_date >= {{ month_from_index(month_index(business_date()) ~ ' - 11') }}
        and not aum.is_partial_month

),

rising as (

    select customer_id, next_tier_missing_amt as evidence_amt
    from averages
    group by customer_id, next_tier_missing_amt, rising_months
    having sum(is_risen) = rising_months

),

averaged as (

    select aum.customer_id, coalesce(aum.aum_avg_6m_amt, aum.aum_month_avg_amt) as aum_avg_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join months on aum.month_start_date = months.month_start_date

),

position as (

    select * from {{ ref('int_customer__position') }}

),

activity as (

    select * from {{ ref('int_activity__customer') }}

),

-- customers who signed for a channel and hold nothing
signed as (

    select
        contracts.customer_id,
        min(contracts.sign_date) as sign_date
    from {{ by_survivor(ref('int_channel__contract_versions')) }} as contracts
    where
        contracts.known_to_date is null
        and contracts.sign_date <= {{ business_date() }}
        and (contracts.cancel_date is null or contracts.cancel_date > {{ business_date() }})
    group by contracts.customer_id

),

labelled as (

    select customer_id, 'rising_to_next_tier' as label_code, evidence_amt, cast(null as date) as evidence_date
    from rising
    union all
    select
        position.customer_id,
        'large_maturing' as label_code,
        position.maturing_amt as evidence_amt,
        position.next_maturity_date as evidence_date
    from position
    cross join rules
    where position.maturing_amt >= rules.large_maturing_amt
    union all
    select
        activity.customer_id,
        'payroll' as label_code,
        activity.salary_4m_amt as evidence_amt,
        activity.last_salary_date as evidence_date
    from activity
    cross join rules
    where activity.salary_months_cnt >= rules.payroll_months
    union all
    select
        activity.customer_id,
        'money_leaving' as label_code,
        activity.outside_out_3m_amt as evidence_amt,
        cast(null as date) as evidence_date
    from activity
    inner join averaged on activity.customer_id = averaged.customer_id
    cross join rules
    where
        activity.outside_out_3m_amt >= rules.leaving_amt
        and activity.outside_out_3m_amt >= rules.leaving_share * averaged.aum_avg_amt
    union all
    select
        customer_id,
        'loan_without_deposit' as label_code,
        loan_amt as evidence_amt,
        cast(null as date) as evidence_date
    from position
    where loan_amt > 0 and deposit_amt = 0
    union all
    select
        customer_id,
        'deposit_without_loan' as label_code,
        deposit_amt as evidence_amt,
        cast(null as date) as evidence_date
    from position
    where deposit_amt > 0 and loan_amt = 0
    union all
    select
        coalesce(position.customer_id, signed.customer_id) as customer_id,
        'single_channel' as label_code,
        cast(null as {{ amount_type() }}) as evidence_amt,
        signed.sign_date as evidence_date
    from position
    full outer join signed on position.customer_id = signed.customer_id
    where
        position.customer_id is null
        or (position.is_single_channel and (position.card_cnt = 0 or signed.customer_id is null))

)

select
    -- ids
    customers.customer_id,
    customers.owning_org_id,

    -- codes
    labelled.label_code,

    -- dates
    customers.month_start_date,
    coalesce(labelled.evidence_date, customers.through_date) as evidence_date,

    -- measures
    cast(labelled.evidence_amt as {{ amount_type() }}) as evidence_amt,

    -- flags
    customers.is_provisional

from labelled
inner join customers on labelled.customer_id = customers.customer_id
