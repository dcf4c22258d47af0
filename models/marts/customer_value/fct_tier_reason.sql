-- One row per personal customer per month: why the customer has the tier. The row alone is enough to
-- judge again: the factor, its amount, the threshold, and for AUM how long ago it was reached.

{{ config(
    unique_key='month_start_date',
    meta={
        'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'month_start',
    },
    pre_hook='{{ begin_month_by_month() }}', post_hook='{{ finish_month_by_month() }}',
) }}

with tiers as (

    select tier.*, months.month_index
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join {{ ref('int_calendar__open_months') }} as months
        on tier.month_start_date = months.month_start_date

),

factors as (

    select * from {{ ref('int_tier__customer_month') }}

),

statuses as (

    select status.*
    from {{ ref('fct_customer_tier_status_monthly') }} as status
    inner join {{ ref('int_calendar__open_months') }} as months
        on status.month_start_date = months.month_start_date

),

rules as (

    select * from {{ ref('tier_rules') }}

)

select
    -- ids
    tiers.customer_id,

    -- codes
    tiers.rulebook_version,
    tiers.tier_code,
    tiers.tier_rank,
    tiers.deciding_factor_code,

    -- dates
    tiers.month_start_date,
    case
        when tiers.deciding_factor_code = 'aum' and tiers.tier_rank > 0
            then {{ month_from_index('(tiers.month_index - statuses.below_months)') }}
    end as last_reached_month_date,

    -- measures
    case when tiers.deciding_factor_code = 'aum' then tiers.assessment_aum_amt else factors.factor_amt end
        as factor_amt,
    case when tiers.deciding_factor_code = 'aum' then rules.aum_from_amt else factors.factor_threshold_amt end
        as threshold_amt,
    case when tiers.deciding_factor_code = 'aum' then cast(rules.window_months as integer) end as window_months,
    case when tiers.deciding_factor_code = 'aum' and tiers.tier_rank > 0 then statuses.below_months end
        as below_months,

    -- flags
    tiers.is_provisional

from tiers
inner join factors
    on tiers.customer_id = factors.customer_id and tiers.month_start_date = factors.month_start_date
inner join rules on tiers.rulebook_version = rules.rulebook_version and tiers.tier_code = rules.tier_code
left join statuses
    on
        tiers.customer_id = statuses.customer_id
        and tiers.month_start_date = statuses.month_start_date
        and tiers.tier_code = statuses.tier_code
