-- One row per personal customer and month that tonight computes: what the tier is judged by, under the
-- rulebook in force in that month, and the best tier that a factor other than AUM gives.

{{ config(
    materialized='table', meta={'month_by_month': true},
) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

rulebooks as (

    {{ rulebook_in_force('months', ref('tier_rulebooks'), "'" ~ var('rulebook') ~ "'") }}

),

-- the first month whose spending any of tonight's months counts
counted_from as (

    select
        min({{ month_from_index('months.month_index - rulebooks.card_spend_months + 1') }})
            as month_start_date
    from months
    inner join rulebooks on months.month_start_date = rulebooks.month_start_date

),

spend as (

    select
        entries.customer_id,
        months.month_start_date,
        cast(sum(entries.spend_amt) as {{ amount_type() }}) as card_spend_12m_amt
    from {{ by_survivor(ref('int_card__spend_entry')) }} as entries
    inner join months
        on
            entries.month_start_date <= months.month_start_date
            and entries.booked_month_date <= months.month_start_date
    inner join rulebooks
        on
            months.month_start_date = rulebooks.month_start_date
            and months.month_index - {{ month_index('entries.month_start_date') }}
            < rulebooks.card_spend_months
    inner join {{ ref('fct_month_recorded') }} as recorded
        on
            months.month_start_date = recorded.month_start_date
            and recorded.factor_code = 'card_spend'
            and recorded.is_judged
    where entries.month_start_date >= (select month_start_date from counted_from)
    group by entries.customer_id, months.month_start_date

),

borrowing as (

    select borrowing.*
    from {{ ref('int_tier__borrowing_month') }} as borrowing
    inner join months on borrowing.month_start_date = months.month_start_date

),

-- few customers have any: what follows need not look at the others
factor_amounts as (

    select
        coalesce(spend.customer_id, borrowing.customer_id) as customer_id,
        rulebooks.month_start_date,
        rulebooks.rulebook_version,
        coalesce(spend.card_spend_12m_amt, 0) as card_spend_12m_amt,
        coalesce(borrowing.mortgage_balance_amt, 0) as mortgage_balance_amt,
        coalesce(borrowing.credit_loan_balance_amt, 0) as credit_loan_balance_amt,
        coalesce(borrowing.has_diamond_card, false) as has_diamond_card
    from spend
    full outer join borrowing
        on spend.customer_id = borrowing.customer_id and spend.month_start_date = borrowing.month_start_date
    inner join rulebooks
        on coalesce(spend.month_start_date, borrowing.month_start_date) = rulebooks.month_start_date

),

best_factor as (

    {{ best_factor('factor_amounts', ref('tier_rules'), ref('tier_factor_rules')) }}

)

select
    -- ids
    customers.customer_id,
    customers.owning_org_id,

    -- codes
    rulebooks.rulebook_version,

    -- dates
    customers.month_start_date,
    customers.month_index,
    customers.first_month_date,
    customers.first_open_date,

    -- measures
    rulebooks.lost_report_months,
    {{ assessment_aum('rulebooks.aum_basis_code', 'aum') }} as assessment_aum_amt,
    coalesce(factor_amounts.card_spend_12m_amt, 0) as card_spend_12m_amt,
    coalesce(factor_amounts.mortgage_balance_amt, 0) as mortgage_balance_amt,
    coalesce(factor_amounts.credit_loan_balance_amt, 0) as credit_loan_balance_amt,
    coalesce(best_factor.tier_rank, 0) as factor_tier_rank,
    best_factor.factor_code,
    best_factor.factor_amt,
    best_factor.threshold_amt as factor_threshold_amt,

    -- flags
    coalesce(factor_amounts.has_diamond_card, false) as has_diamond_card,
    customers.is_closed,
    aum.is_provisional

from {{ ref('int_customer__month') }} as customers
inner join {{ ref('fct_customer_aum_monthly') }} as aum
    on customers.customer_id = aum.customer_id and customers.month_start_date = aum.month_start_date
inner join rulebooks on customers.month_start_date = rulebooks.month_start_date
left join factor_amounts
    on
        customers.customer_id = factor_amounts.customer_id
        and customers.month_start_date = factor_amounts.month_start_date
left join best_factor
    on
        customers.customer_id = best_factor.customer_id
        and customers.month_start_date = best_factor.month_start_date
where customers.customer_type_code = 'P'
