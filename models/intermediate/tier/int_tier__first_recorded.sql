-- One row per personal customer and month whose tier comes of a factor that was not recorded the month
-- before: the tier that the factors recorded in both months would give. Nobody who came to the bank in the
-- month itself is in it. Empty but for the first night's month and the months of the history before it.

{{ config(materialized='view') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

-- factors by which tiers of the month are judged, and tiers of the month before were not
begun as (

    select
        now.month_start_date,
        now.month_start_date = {{ month_start('recorded_history.business_date') }} as is_first_night_month,
        {%- for code in ['aum'] + factor_columns().keys() | list %}
        max(
            case
                when
                    now.factor_code = '{{ code }}'
                    and now.is_judged
                    and not coalesce(before.is_judged, false)
                    then 1
                else 0
            end
        ) = 1 as {{ code }}_begins{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('fct_month_recorded') }} as now
    inner join months on now.month_start_date = months.month_start_date
    cross join {{ ref('int_calendar__recorded_history') }} as recorded_history
    left join {{ ref('fct_month_recorded') }} as before
        on
            now.factor_code = before.factor_code
            and before.month_start_date = {{ month_from_index('months.month_index - 1') }}
    where now.month_start_date <= recorded_history.business_date
    group by 1, 2

),

customers as (

    select
        customers.*,
        begun.aum_begins,
        {%- for code in factor_columns() %}
        -- who has no row before the first night though he was there was not told of by any factor
        begun.{{ code }}_begins or (
            begun.is_first_night_month and customers.first_month_date = customers.month_start_date
        ) as {{ code }}_begins{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_tier__customer_month') }} as customers
    inner join begun on customers.month_start_date = begun.month_start_date
    where customers.first_open_date < customers.month_start_date

),

factor_amounts as (

    select
        customer_id,
        month_start_date,
        rulebook_version,
        case when not card_spend_begins then card_spend_12m_amt else 0 end as card_spend_12m_amt,
        case when not mortgage_begins then mortgage_balance_amt else 0 end as mortgage_balance_amt,
        case when not credit_loan_begins then credit_loan_balance_amt else 0 end as credit_loan_balance_amt,
        has_diamond_card and not card_grade_begins as has_diamond_card
    from customers
    where factor_tier_rank > 0

),

continued_factor as (

    {{ best_factor('factor_amounts', ref('tier_rules'), ref('tier_factor_rules')) }}

),

continued_aum as (

    select statuses.customer_id, statuses.month_start_date, max(statuses.tier_rank) as tier_rank
    from {{ ref('fct_customer_tier_status_monthly') }} as statuses
    inner join begun on statuses.month_start_date = begun.month_start_date and not begun.aum_begins
    inner join {{ ref('tier_rules') }} as tiers
        on statuses.rulebook_version = tiers.rulebook_version and statuses.tier_code = tiers.tier_code
    where {{ is_held_by_aum('statuses', 'tiers') }}
    group by statuses.customer_id, statuses.month_start_date

),

continued as (

    select
        customers.customer_id,
        customers.month_start_date,
        customers.rulebook_version,
        held.tier_rank,
        greatest(
            coalesce(continued_aum.tier_rank, 0), coalesce(continued_factor.tier_rank, 0)
        ) as continued_tier_rank
    from customers
    inner join {{ ref('fct_customer_tier_monthly') }} as held
        on customers.customer_id = held.customer_id and customers.month_start_date = held.month_start_date
    left join continued_aum
        on
            customers.customer_id = continued_aum.customer_id
            and customers.month_start_date = continued_aum.month_start_date
    left join continued_factor
        on
            customers.customer_id = continued_factor.customer_id
            and customers.month_start_date = continued_factor.month_start_date

)

select continued.*, tiers.tier_code as continued_tier_code
from continued
inner join {{ ref('tier_rules') }} as tiers
    on
        continued.rulebook_version = tiers.rulebook_version
        and continued.continued_tier_rank = tiers.tier_rank
where continued.continued_tier_rank < continued.tier_rank
