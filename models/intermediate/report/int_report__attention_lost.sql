-- One row per personal customer, month that tonight computes and status, attention or lost, of the tier held
-- or of one lost of late. A customer who lost one tier and is at attention for the one held now has two rows.
-- Those who closed in the month are here too: the lists leave them out, the counts keep them apart.

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

-- this month, and the month before to tell who is here for the first time
looked_at as (

    select month_start_date as report_month_date, month_start_date, false as is_month_before from months
    union all
    select
        month_start_date as report_month_date,
        {{ month_from_index('month_index - 1') }} as month_start_date,
        true as is_month_before
    from months

),

tiers as (

    select tier.*, looked_at.report_month_date, looked_at.is_month_before
    from {{ ref('int_tier__closed_month') }} as tier
    inner join looked_at on tier.month_start_date = looked_at.month_start_date
    where tier.status_code = 'attention' or tier.lost_tier_code is not null

),

flagged as (

    select tiers.*, 'attention' as flag_code, tiers.tier_code as flagged_tier_code
    from tiers
    where tiers.status_code = 'attention'
    union all
    select tiers.*, 'lost' as flag_code, tiers.lost_tier_code as flagged_tier_code
    from tiers
    where tiers.lost_tier_code is not null

),

-- who had closed before the month began has been counted in the month in which they closed
closed_before as (

    select tier.customer_id, months.month_start_date
    from {{ ref('int_tier__closed_month') }} as tier
    inner join months on tier.month_start_date = {{ month_from_index('months.month_index - 1') }}
    where tier.is_closed

),

statuses as (

    select
        status.customer_id, status.tier_code, status.month_start_date, status.below_months,
        status.lost_since_date
    from {{ ref('fct_customer_tier_status_monthly') }} as status
    inner join months on status.month_start_date = months.month_start_date
    where status.status_code in ('attention', 'lost')

)

select
    -- ids
    flagged.customer_id,
    flagged.owning_org_id as org_id,
    coalesce(managers.employee_id, 'UNASSIGNED') as employee_id,

    -- codes
    flagged.flag_code as status_code,
    flagged.flagged_tier_code as tier_code,
    flagged.tier_code as held_tier_code,

    -- dates
    flagged.month_start_date,
    case when flagged.flag_code = 'lost' then statuses.lost_since_date end as lost_since_date,

    -- measures
    statuses.below_months,
    flagged.assessment_aum_amt as aum_amt,
    rules.aum_from_amt as threshold_amt,
    cast(rules.aum_from_amt - flagged.assessment_aum_amt as {{ amount_type() }}) as missing_amt,

    -- flags
    month_before.customer_id is null as is_first_month,
    flagged.is_closed,
    closed_before.customer_id is not null as is_closed_before,
    flagged.is_provisional

from flagged
inner join {{ ref('tier_rules') }} as rules
    on flagged.rulebook_version = rules.rulebook_version and flagged.flagged_tier_code = rules.tier_code
left join statuses
    on
        flagged.customer_id = statuses.customer_id
        and flagged.flagged_tier_code = statuses.tier_code
        and flagged.month_start_date = statuses.month_start_date
left join {{ ref('int_ownership__main_manager') }} as managers
    on flagged.customer_id = managers.customer_id and flagged.month_start_date = managers.month_start_date
left join flagged as month_before
    on
        flagged.customer_id = month_before.customer_id
        and flagged.report_month_date = month_before.report_month_date
        and flagged.flag_code = month_before.flag_code
        and flagged.flagged_tier_code = month_before.flagged_tier_code
        and month_before.is_month_before
left join closed_before
    on
        flagged.customer_id = closed_before.customer_id
        and flagged.month_start_date = closed_before.month_start_date
where not flagged.is_month_before
