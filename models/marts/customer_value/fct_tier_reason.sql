-- One row per personal customer per month: why the customer has the tier, and how far the next one and the
-- loss of this one are. The row alone is enough to judge again: the factor, its amount, the threshold, and
-- for AUM how long ago it was reached. The distance to the loss is that of a customer whose AUM stays as it
-- is.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
    'month_by_month': true,
}) }}

with tiers as (

    select tier.*, months.month_index, months.is_partial_month
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join {{ ref('int_calendar__open_months') }} as months
        on tier.month_start_date = months.month_start_date

),

-- only of those who have another factor than AUM
factors as (

    select customer_id, month_start_date, factor_amt, factor_threshold_amt
    from {{ ref('int_tier__customer_month') }}
    where factor_code is not null

),

statuses as (

    select status.*
    from {{ ref('fct_customer_tier_status_monthly') }} as status
    inner join {{ ref('int_calendar__open_months') }} as months
        on status.month_start_date = months.month_start_date

),

bands as (

    select
        rulebook_version,
        tier_code,
        min(case when status_code = 'attention' then below_from_months end) as attention_from_months,
        min(case when status_code = 'lost' then below_from_months end) as lost_from_months
    from {{ ref('tier_status_rules') }}
    group by rulebook_version, tier_code

),

rules as (

    select
        tiers.*,
        bands.attention_from_months,
        bands.lost_from_months,
        lead(tiers.tier_code) over (partition by tiers.rulebook_version order by tiers.tier_rank)
            as next_tier_code,
        lead(tiers.aum_from_amt) over (partition by tiers.rulebook_version order by tiers.tier_rank)
            as next_aum_from_amt
    from {{ ref('tier_rules') }} as tiers
    left join bands
        on tiers.rulebook_version = bands.rulebook_version and tiers.tier_code = bands.tier_code

),

-- tiers that AUM alone holds and has not reached this month: time is running
running_out as (

    select
        statuses.customer_id,
        statuses.tier_code,
        statuses.month_start_date,
        months.month_index - statuses.below_months as last_reached_index,
        rules.attention_from_months,
        rules.lost_from_months,
        greatest(rules.attention_from_months - statuses.below_months, 0) as months_to_attention,
        rules.lost_from_months - statuses.below_months as months_to_loss
    from statuses
    inner join {{ ref('int_calendar__open_months') }} as months
        on statuses.month_start_date = months.month_start_date
    inner join rules
        on statuses.rulebook_version = rules.rulebook_version and statuses.tier_code = rules.tier_code
    where
        statuses.below_months > 0
        and statuses.below_months < rules.lost_from_months
        and statuses.held_by_factor_code is null

)

select
    -- ids
    tiers.customer_id,

    -- codes
    tiers.rulebook_version,
    tiers.tier_code,
    tiers.tier_rank,
    tiers.deciding_factor_code,
    rules.next_tier_code,

    -- dates
    tiers.month_start_date,
    case
        when tiers.deciding_factor_code = 'aum' and tiers.tier_rank > 0
            then {{ month_from_index('(tiers.month_index - statuses.below_months)') }}
    end as last_reached_month_date,
    {{ month_from_index('(running_out.last_reached_index + running_out.attention_from_months)') }}
        as attention_month_date,
    {{ month_from_index('(running_out.last_reached_index + running_out.lost_from_months)') }}
        as loss_month_date,

    -- measures
    case when tiers.deciding_factor_code = 'aum' then tiers.assessment_aum_amt else factors.factor_amt end
        as factor_amt,
    case when tiers.deciding_factor_code = 'aum' then rules.aum_from_amt else factors.factor_threshold_amt end
        as threshold_amt,
    case when tiers.deciding_factor_code = 'aum' then cast(rules.window_months as integer) end
        as window_months,
    case when tiers.deciding_factor_code = 'aum' and tiers.tier_rank > 0 then statuses.below_months end
        as below_months,
    cast(rules.next_aum_from_amt - tiers.assessment_aum_amt as {{ amount_type() }}) as next_tier_missing_amt,
    cast(running_out.months_to_attention as integer) as months_to_attention,
    cast(running_out.months_to_loss as integer) as months_to_loss,

    -- flags
    tiers.is_partial_month,
    tiers.is_provisional or tiers.is_partial_month as is_provisional

from tiers
left join factors
    on tiers.customer_id = factors.customer_id and tiers.month_start_date = factors.month_start_date
inner join rules on tiers.rulebook_version = rules.rulebook_version and tiers.tier_code = rules.tier_code
left join statuses
    on
        tiers.customer_id = statuses.customer_id
        and tiers.month_start_date = statuses.month_start_date
        and tiers.tier_code = statuses.tier_code
left join running_out
    on
        tiers.customer_id = running_out.customer_id
        and tiers.month_start_date = running_out.month_start_date
        and tiers.tier_code = running_out.tier_code
