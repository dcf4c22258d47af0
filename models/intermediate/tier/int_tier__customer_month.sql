-- One row per personal customer and month that tonight computes: what the tier is judged by, under the
-- rulebook in force in that month, and the best tier that a factor other than AUM gives.

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

rulebooks as (

    select
        months.month_start_date,
        rulebooks.rulebook_version,
        rulebooks.aum_basis_code,
        rulebooks.card_spend_months,
        rulebooks.lost_report_months
    from months
    inner join {{ ref('tier_rulebooks') }} as rulebooks
        on
            months.month_start_date >= rulebooks.valid_from_month
            and (rulebooks.valid_to_month is null or months.month_start_date <= rulebooks.valid_to_month)
    where rulebooks.rulebook_code = '{{ var("rulebook") }}'

),

-- the first month whose spending any of tonight's months counts
counted_from as (

    select min({{ month_from_index('months.month_index - rulebooks.card_spend_months + 1') }}) as month_start_date
    from months
    inner join rulebooks on months.month_start_date = rulebooks.month_start_date

),

spend as (

    select
        entries.customer_id,
        months.month_start_date,
        cast(sum(entries.spend_amt) as {{ amount_type() }}) as card_spend_12m_amt
    from {{ ref('int_card__spend_entry') }} as entries
    inner join months
        on entries.month_start_date <= months.month_start_date
    inner join rulebooks
        on
            months.month_start_date = rulebooks.month_start_date
            and months.month_index - {{ month_index('entries.month_start_date') }} < rulebooks.card_spend_months
    where entries.month_start_date >= (select month_start_date from counted_from)
    group by entries.customer_id, months.month_start_date

),

borrowing as (

    select borrowing.*
    from {{ ref('int_tier__borrowing_month') }} as borrowing
    inner join months on borrowing.month_start_date = months.month_start_date

),

judged as (

    select
        -- ids
        customers.customer_id,
        coalesce(owning_org.owning_org_id, customers.home_org_id) as owning_org_id,

        -- codes
        rulebooks.rulebook_version,

        -- dates
        customers.month_start_date,
        customers.month_index,
        customers.first_month_date,
        customers.first_open_date,

        -- measures
        rulebooks.lost_report_months,
        case rulebooks.aum_basis_code
            when 'month_avg' then aum.aum_month_avg_amt
            when 'month_avg_30' then aum.aum_month_avg_30_amt
            when 'month_end' then aum.aum_end_amt
            when 'avg_6m' then aum.aum_avg_6m_amt
            when 'avg_12m' then aum.aum_avg_12m_amt
        end as assessment_aum_amt,
        coalesce(spend.card_spend_12m_amt, 0) as card_spend_12m_amt,
        coalesce(borrowing.mortgage_balance_amt, 0) as mortgage_balance_amt,
        coalesce(borrowing.credit_loan_balance_amt, 0) as credit_loan_balance_amt,

        -- flags
        coalesce(borrowing.has_diamond_card, false) as has_diamond_card,
        aum.is_provisional

    from {{ ref('int_customer__month') }} as customers
    inner join {{ ref('fct_customer_aum_monthly') }} as aum
        on customers.customer_id = aum.customer_id and customers.month_start_date = aum.month_start_date
    inner join rulebooks on customers.month_start_date = rulebooks.month_start_date
    left join {{ ref('int_customer__owning_org') }} as owning_org
        on customers.customer_id = owning_org.customer_id
    left join spend
        on customers.customer_id = spend.customer_id and customers.month_start_date = spend.month_start_date
    left join borrowing
        on
            customers.customer_id = borrowing.customer_id
            and customers.month_start_date = borrowing.month_start_date
    where customers.customer_type_code = 'P'

),

factor_amounts as (

    select customer_id, month_start_date, rulebook_version, 'card_spend' as factor_code,
        card_spend_12m_amt as factor_amt
    from judged where card_spend_12m_amt > 0
    union all
    select customer_id, month_start_date, rulebook_version, 'mortgage' as factor_code,
        mortgage_balance_amt as factor_amt
    from judged where mortgage_balance_amt > 0
    union all
    select customer_id, month_start_date, rulebook_version, 'credit_loan' as factor_code,
        credit_loan_balance_amt as factor_amt
    from judged where credit_loan_balance_amt > 0
    union all
    select customer_id, month_start_date, rulebook_version, 'card_grade' as factor_code,
        cast(1 as {{ amount_type() }}) as factor_amt
    from judged where has_diamond_card

),

factor_tiers as (

    select
        factor_amounts.customer_id,
        factor_amounts.month_start_date,
        factor_amounts.factor_code,
        factor_amounts.factor_amt,
        factor_rules.threshold_amt,
        tiers.tier_rank,
        row_number() over (
            partition by factor_amounts.customer_id, factor_amounts.month_start_date
            order by tiers.tier_rank desc nulls last, factor_rules.factor_order nulls last
        ) as preference
    from factor_amounts
    inner join {{ ref('tier_factor_rules') }} as factor_rules
        on
            factor_amounts.rulebook_version = factor_rules.rulebook_version
            and factor_amounts.factor_code = factor_rules.factor_code
            and factor_amounts.factor_amt >= factor_rules.threshold_amt
    inner join {{ ref('tier_rules') }} as tiers
        on
            factor_rules.rulebook_version = tiers.rulebook_version
            and factor_rules.tier_code = tiers.tier_code

)

select
    judged.*,
    coalesce(factor_tiers.tier_rank, 0) as factor_tier_rank,
    factor_tiers.factor_code,
    factor_tiers.factor_amt,
    factor_tiers.threshold_amt as factor_threshold_amt
from judged
left join factor_tiers
    on
        judged.customer_id = factor_tiers.customer_id
        and judged.month_start_date = factor_tiers.month_start_date
        and factor_tiers.preference = 1
