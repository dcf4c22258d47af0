-- One row per customer, month and event: new, upgrade, downgrade, and each tier lost or regained.

{{ config(meta={
    'grain': ['customer_id', 'month_start_date', 'event_code', 'from_tier_code', 'to_tier_code'],
    'partition': 'month_start_date', 'carried': 'open_month', 'month_by_month': true,
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

tiers as (

    select tier.*, months.month_index
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join months on tier.month_start_date = months.month_start_date

),

previous_tiers as (

    select tier.*, months.month_start_date as next_month_date
    from {{ ref('int_tier__closed_month') }} as tier
    inner join months on tier.month_start_date = {{ month_from_index('months.month_index - 1') }}

),

statuses as (

    select status.*
    from {{ ref('fct_customer_tier_status_monthly') }} as status
    inner join months on status.month_start_date = months.month_start_date

),

previous_statuses as (

    select
        status.customer_id,
        status.tier_code,
        status.status_code,
        months.month_start_date as next_month_date
    from {{ one_for_survivors(
        by_survivor(ref('fct_customer_tier_status_monthly')),
        ['customer_id', 'tier_code', 'month_start_date'],
        {'status_code': first_by('together.status_code', ["together.status_code = 'lost'"])},
    ) }} as status
    inner join months on status.month_start_date = {{ month_from_index('months.month_index - 1') }}

),

moves as (

    select
        tiers.customer_id,
        tiers.month_start_date,
        case
            when tiers.first_tiered_month_date = tiers.month_start_date then 'new'
            when tiers.tier_rank > previous_tiers.tier_rank then 'upgrade'
            when tiers.tier_rank < previous_tiers.tier_rank then 'downgrade'
        end as event_code,
        previous_tiers.tier_code as from_tier_code,
        tiers.tier_code as to_tier_code,
        -- not risen above this by a factor that was recorded before
        coalesce(previous_tiers.tier_rank, 0) as compared_tier_rank
    from tiers
    left join previous_tiers
        on
            tiers.customer_id = previous_tiers.customer_id
            and tiers.month_start_date = previous_tiers.next_month_date

),

losses as (

    select
        statuses.customer_id,
        statuses.month_start_date,
        'lost' as event_code,
        statuses.tier_code as from_tier_code,
        tiers.tier_code as to_tier_code,
        cast(null as integer) as compared_tier_rank
    from statuses
    inner join tiers
        on statuses.customer_id = tiers.customer_id and statuses.month_start_date = tiers.month_start_date
    where statuses.is_lost_event

),

wins as (

    select
        statuses.customer_id,
        statuses.month_start_date,
        'regained' as event_code,
        previous_tiers.tier_code as from_tier_code,
        statuses.tier_code as to_tier_code,
        statuses.tier_rank - 1 as compared_tier_rank
    from statuses
    inner join previous_statuses
        on
            statuses.customer_id = previous_statuses.customer_id
            and statuses.tier_code = previous_statuses.tier_code
            and statuses.month_start_date = previous_statuses.next_month_date
    left join previous_tiers
        on
            statuses.customer_id = previous_tiers.customer_id
            and statuses.month_start_date = previous_tiers.next_month_date
    where statuses.status_code <> 'lost' and previous_statuses.status_code = 'lost'

),

events as (

    select * from moves where event_code is not null
    union all
    select * from losses
    union all
    select * from wins

)

select
    -- ids
    events.customer_id,

    -- codes
    events.event_code,
    -- a customer whose first month is already above ordinary comes from nowhere
    coalesce(events.from_tier_code, 'none') as from_tier_code,
    events.to_tier_code,
    tiers.deciding_factor_code,
    case
        when
            events.event_code in ('new', 'upgrade', 'regained')
            and first_recorded.continued_tier_rank <= events.compared_tier_rank
            then 'first_recorded'
        else 'change'
    end as cause_code,
    tiers.rulebook_version,

    -- dates
    events.month_start_date,

    -- measures
    tiers.assessment_aum_amt,
    previous_tiers.assessment_aum_amt as previous_assessment_aum_amt,

    -- flags
    tiers.is_provisional

from events
inner join tiers
    on events.customer_id = tiers.customer_id and events.month_start_date = tiers.month_start_date
left join previous_tiers
    on
        events.customer_id = previous_tiers.customer_id
        and events.month_start_date = previous_tiers.next_month_date
left join {{ ref('int_tier__first_recorded') }} as first_recorded
    on
        events.customer_id = first_recorded.customer_id
        and events.month_start_date = first_recorded.month_start_date
