-- One row per event and rule of customers whose AUM, accounts, product lines or tiers are not what they were:
-- on the first night, which has nothing to compare with, only what later nights must not tell as new.

{{ config(materialized='view', tags=['night']) }}

with rules as (

    {{ event_rules_tonight([
        'balance_below', 'account_closed', 'first_business', 'tier_upgrade', 'tier_regained',
        'tier_attention', 'tier_lost', 'tier_downgrade',
    ]) }}

),

-- of customers who are one, what all had the night before
fallen_from as (

    select customer_id, aum_end_amt
    from {{ one_for_survivors(
        by_survivor(ref('int_event__aum_versions')),
        ['customer_id', 'known_to_date'],
        {'aum_end_amt': 'sum(together.aum_end_amt)'},
    ) }} as versions
    where known_to_date = {{ business_date() }}

),

-- whose merge was taken back tonight: what they had is theirs again, and nobody lost it
parted as (

    select distinct ended.golden_id as customer_id
    from {{ ref('int_customer__versions') }} as ended
    left join {{ ref('int_customer__survivor') }} as merged on ended.customer_id = merged.customer_id
    where
        ended.known_to_date = {{ business_date() }}
        and ended.golden_id is not null
        and merged.customer_id is null

),

falls as (

    select
        tonight.customer_id,
        tonight.aum_end_amt,
        fallen_from.aum_end_amt as before_aum_end_amt
    from {{ ref('int_event__aum_versions') }} as tonight
    inner join fallen_from on tonight.customer_id = fallen_from.customer_id
    left join parted on tonight.customer_id = parted.customer_id
    where
        tonight.known_from_date = {{ business_date() }}
        and tonight.aum_end_amt < fallen_from.aum_end_amt
        and parted.customer_id is null

),

account_versions as (

    select * from {{ by_survivor(ref('int_account__versions')) }}

),

closings as (

    select
        tonight.account_id,
        coalesce(joint.customer_id, tonight.customer_id) as customer_id,
        coalesce(tonight.close_date, {{ business_date() }}) as close_date
    from account_versions as tonight
    inner join account_versions as last_night
        on
            tonight.account_id = last_night.account_id
            and last_night.known_to_date = {{ business_date() }}
            and last_night.status_code <> 'closed'
    left join {{ ref('int_account__main_owner') }} as joint on tonight.account_id = joint.account_id
    where tonight.known_from_date = {{ business_date() }} and tonight.status_code = 'closed'

),

lines as (

    select held.customer_id, held.product_line_code, min(held.held_since_date) as held_since_date
    from {{ by_survivor(ref('int_event__line_held')) }} as held
    -- a line that another of the same customer's numbers has held before is not new
    left join (
        select distinct earlier.customer_id, earlier.product_line_code
        from {{ by_survivor(ref('int_event__line_held')) }} as earlier
        inner join {{ who_go_on() }} as survivors on earlier.customer_id = survivors.survivor_id
        where earlier.business_date < {{ business_date() }}
    ) as known
        on held.customer_id = known.customer_id and held.product_line_code = known.product_line_code
    where
        held.business_date = {{ business_date() }}
        and known.customer_id is null
        and {{ 'false' if is_first_night() else 'true' }}
    group by held.customer_id, held.product_line_code

),

-- the months that tonight's batch is the first to be dated after
complete_months as (

    select
        month_start_date,
        last_day(month_start_date) as month_end_date,
        {{ month_start(add_days('month_start_date', -1)) }} as before_month_date
    from (
        select distinct {{ month_start('spine.calendar_date') }} as month_start_date
        from {{ day_spine(
            month_start('coalesce(' ~ previous_batch_date() ~ ', ' ~ business_date() ~ ')'),
            add_days(month_start(business_date()), -1)
        ) }} as spine
    ) as ended

),

tiers as (

    select customer_id, month_start_date, tier_code, tier_rank, status_code, assessment_aum_amt, is_closed
    from {{ ref('int_tier__closed_month') }}
    where month_start_date >= {{ month_start(add_days(month_start(
        'coalesce(' ~ previous_batch_date() ~ ', ' ~ business_date() ~ ')'
    ), -1)) }}

),

tier_events as (

    select * from {{ ref('fct_tier_event') }}
    where
        month_start_date
        >= {{ month_start('coalesce(' ~ previous_batch_date() ~ ', ' ~ business_date() ~ ')') }}

),

rises as (

    select
        events.customer_id,
        -- the first tier above ordinary is a rise like others
        case events.event_code when 'regained' then 'tier_regained' else 'tier_upgrade' end as event_code,
        events.to_tier_code as tier_code,
        ranks.tier_rank,
        events.month_start_date,
        {{ business_date() }} as event_date,
        events.assessment_aum_amt,
        events.previous_assessment_aum_amt
    from tier_events as events
    inner join tiers as running
        on events.customer_id = running.customer_id and events.month_start_date = running.month_start_date
    inner join tiers as complete
        on
            events.customer_id = complete.customer_id
            and complete.month_start_date = {{ month_start(add_days(month_start(business_date()), -1)) }}
    inner join {{ ref('tier_rules') }} as ranks
        on events.rulebook_version = ranks.rulebook_version and events.to_tier_code = ranks.tier_code
    where
        events.month_start_date = {{ month_start(business_date()) }}
        and events.event_code in ('new', 'upgrade', 'regained')
        and events.cause_code = 'change'
        and running.tier_rank > complete.tier_rank
        and not running.is_closed

),

ends as (

    select
        events.customer_id,
        'tier_' || events.event_code as event_code,
        case when events.event_code = 'lost' then events.from_tier_code else events.to_tier_code end
            as tier_code,
        ranks.tier_rank,
        events.month_start_date,
        months.month_end_date as event_date,
        events.assessment_aum_amt,
        events.previous_assessment_aum_amt
    from tier_events as events
    inner join complete_months as months on events.month_start_date = months.month_start_date
    inner join {{ ref('tier_rules') }} as ranks
        on
            events.rulebook_version = ranks.rulebook_version
            and case when events.event_code = 'lost' then events.from_tier_code else events.to_tier_code end
            = ranks.tier_code
    where events.event_code in ('lost', 'downgrade')

    union all

    select
        tiers.customer_id,
        'tier_attention' as event_code,
        tiers.tier_code,
        tiers.tier_rank,
        tiers.month_start_date,
        months.month_end_date as event_date,
        tiers.assessment_aum_amt,
        before.assessment_aum_amt as previous_assessment_aum_amt
    from tiers
    inner join complete_months as months on tiers.month_start_date = months.month_start_date
    left join tiers as before
        on tiers.customer_id = before.customer_id and before.month_start_date = months.before_month_date
    where
        tiers.status_code = 'attention'
        and not tiers.is_closed
        -- the months that follow say nothing new
        and not coalesce(before.status_code = 'attention' and before.tier_code = tiers.tier_code, false)

),

changes as (

    select * from rises
    union all
    select * from ends

)

select
    {{ event_found(
        'falls.customer_id', 'customer', 'falls.customer_id', 'cast(' ~ business_date() ~ ' as varchar)',
        business_date(), amount='falls.aum_end_amt', reference='falls.before_aum_end_amt',
        reference_date=previous_batch_date(),
    ) }}
from falls
inner join rules
    on
        rules.event_code = 'balance_below'
        and falls.before_aum_end_amt >= rules.threshold_amt
        and falls.aum_end_amt < rules.threshold_amt

union all

select
    {{ event_found('closings.customer_id', 'account', 'closings.account_id', "''", 'closings.close_date') }}
from closings
inner join rules on rules.event_code = 'account_closed'
-- an account that was opened again has told it
where not exists (
    select 1
    from account_versions as earlier
    where
        earlier.account_id = closings.account_id
        and earlier.status_code = 'closed'
        and earlier.known_from_date < {{ business_date() }}
)

union all

select
    {{ event_found(
        'lines.customer_id', 'customer', 'lines.customer_id', 'lines.product_line_code',
        'lines.held_since_date',
    ) }}
from lines
inner join rules on rules.event_code = 'first_business'

union all

select
    {{ event_found(
        'changes.customer_id', 'customer', 'changes.customer_id',
        "cast(changes.month_start_date as varchar) || '|' || changes.tier_code", 'changes.event_date',
        amount='changes.assessment_aum_amt', reference='changes.previous_assessment_aum_amt',
        reference_date='changes.month_start_date', occurrence='cast(changes.month_start_date as varchar)',
        stage='changes.tier_rank',
    ) }}
from changes
inner join rules on changes.event_code = rules.event_code
