-- One row per month that tonight computes and tier: whether what gives the tier is recorded. For a customer
-- without a tier every factor of the rulebook counts, over the longest window.

{{ config(materialized='view') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

rulebooks as (

    {{ rulebook_in_force('months', ref('tier_rulebooks'), "'" ~ var('rulebook') ~ "'") }}

),

tiers as (

    select
        rulebooks.month_start_date,
        rulebooks.month_index,
        rulebooks.rulebook_version,
        tiers.tier_code,
        tiers.tier_rank,
        coalesce(
            tiers.window_months, max(tiers.window_months) over (partition by rulebooks.month_start_date)
        ) as window_months
    from rulebooks
    inner join {{ ref('tier_rules') }} as tiers on rulebooks.rulebook_version = tiers.rulebook_version

),

recorded as (

    select * from {{ ref('fct_month_recorded') }}

),

-- months of the window of which the initial load told nothing
gaps as (

    select tiers.month_start_date, tiers.tier_code, max(recorded.month_start_date) as last_aum_gap_date
    from tiers
    inner join recorded
        on
            recorded.month_start_date <= tiers.month_start_date
            and {{ month_index('recorded.month_start_date') }} >= tiers.month_index - tiers.window_months
    where recorded.factor_code = 'aum' and not recorded.is_recorded
    group by tiers.month_start_date, tiers.tier_code

),

unrecorded as (

    select
        tiers.month_start_date,
        tiers.tier_code,
        count(*) as factor_cnt,
        count(case when rules.factor_code = 'card_spend' then 1 end) as card_spend_cnt
    from tiers
    inner join {{ ref('tier_factor_rules') }} as rules
        on
            tiers.rulebook_version = rules.rulebook_version
            and (tiers.tier_code = rules.tier_code or tiers.tier_rank = 0)
    inner join recorded
        on
            tiers.month_start_date = recorded.month_start_date
            and rules.factor_code = recorded.factor_code
            and not recorded.is_recorded
    group by tiers.month_start_date, tiers.tier_code

)

select
    tiers.month_start_date,
    tiers.rulebook_version,
    tiers.tier_code,
    gaps.last_aum_gap_date,
    unrecorded.factor_cnt is null as is_recorded,
    case
        when unrecorded.factor_cnt = unrecorded.card_spend_cnt then recorded_history.card_spend_start_date
    end as recorded_since_date
from tiers
cross join {{ ref('int_calendar__recorded_history') }} as recorded_history
left join gaps on tiers.month_start_date = gaps.month_start_date and tiers.tier_code = gaps.tier_code
left join unrecorded
    on tiers.month_start_date = unrecorded.month_start_date and tiers.tier_code = unrecorded.tier_code
