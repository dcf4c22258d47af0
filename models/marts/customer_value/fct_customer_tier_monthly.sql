-- One row per personal customer per month: the tier that the best factor gives under the rulebook in
-- force, and the status of it.

-- read from the second night on, but the graph is the same every night
-- depends_on: {{ ref('int_tier__maybe_away') }}
{{ config(meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
    'month_by_month': true,
}) }}

-- depends_on: {{ ref('int_customer__survivor') }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

customer_months as (

    select customer_months.*
    from {{ ref('int_tier__customer_month') }} as customer_months
    inner join months on customer_months.month_start_date = months.month_start_date

),

tiers as (

    select * from {{ ref('tier_rules') }}

),

statuses as (

    select status.*, {{ month_index('status.lost_since_date') }} as lost_since_index
    from {{ ref('fct_customer_tier_status_monthly') }} as status
    inner join months on status.month_start_date = months.month_start_date

),

held as (

    {{ tier_held('customer_months', 'statuses', 'tiers') }}

),

{% if has_state() %}

last_month as (

    select customer_id, first_tiered_month_date
    from {{ one_for_survivors(
        by_survivor(this),
        ['customer_id', 'month_start_date'],
        {'first_tiered_month_date': 'min(together.first_tiered_month_date)'},
    ) }} as tiers
    where month_start_date = {{ month_before_computed() }}

),

-- customers who were away then: theirs is in their own last months
returned as (

    select maybe_away.customer_id
    from {{ ref('int_tier__maybe_away') }} as maybe_away
    inner join customer_months on maybe_away.customer_id = customer_months.customer_id
    left join last_month on maybe_away.customer_id = last_month.customer_id
    where last_month.customer_id is null and customer_months.first_month_date < {{ month_before_computed() }}
    group by maybe_away.customer_id

),

tiered_before as (

    select customer_id, first_tiered_month_date from last_month where first_tiered_month_date is not null
    union all
    select history.customer_id, min(history.first_tiered_month_date) as first_tiered_month_date
    from {{ by_survivor(this) }} as history
    inner join returned on history.customer_id = returned.customer_id
    where history.month_start_date < {{ month_before_computed() }}
    group by history.customer_id

),

{% endif %}

-- the first month above ordinary of all that tonight computes, whichever of them is being filled
tiered_tonight as (

    select customer_id, min(month_start_date) as first_tiered_month_date
    from (
        select status.customer_id, status.month_start_date
        from {{ ref('fct_customer_tier_status_monthly') }} as status
        inner join {{ ref('int_calendar__computed_months') }} as computed
            on status.month_start_date = computed.month_start_date
        inner join tiers
            on status.rulebook_version = tiers.rulebook_version and status.tier_code = tiers.tier_code
        where {{ is_held_by_aum('status', 'tiers') }}
        union all
        select customer_id, month_start_date
        from {{ ref('int_tier__customer_month') }}
        where factor_tier_rank > 0
    ) as tiered
    group by customer_id

),

longest as (

    select rulebook_version, max(window_months) as window_months from tiers group by rulebook_version

)

select
    -- ids
    held.customer_id,
    held.owning_org_id,

    -- codes
    held.rulebook_version,
    held.tier_code,
    cast(held.tier_rank as integer) as tier_rank,
    held.status_code,
    held.deciding_factor_code,
    held.held_by_factor_code,
    held.lost_tier_code,

    -- dates
    held.month_start_date,
    {% if has_state() %}
    coalesce(
        tiered_before.first_tiered_month_date,
        case
            when tiered_tonight.first_tiered_month_date <= held.month_start_date
                then tiered_tonight.first_tiered_month_date
        end
    )
    {% else %}
    case
        when tiered_tonight.first_tiered_month_date <= held.month_start_date
            then tiered_tonight.first_tiered_month_date
    end
    {% endif %} as first_tiered_month_date,

    -- measures
    held.assessment_aum_amt,
    cast(held.below_months as integer) as below_months,
    held.card_spend_12m_amt,
    held.mortgage_balance_amt,
    held.credit_loan_balance_amt,

    -- flags
    held.has_diamond_card,
    (
        {{ month_index('held.first_month_date') }}
        <= held.month_index - coalesce(held.window_months, longest.window_months)
        or held.first_open_date >= recorded_history.history_start_date
    )
    and (recorded.last_aum_gap_date is null or recorded.last_aum_gap_date < held.first_month_date)
    and (recorded.is_recorded or coalesce(held.first_open_date >= recorded.recorded_since_date, false))
        as is_history_complete,
    held.is_closed,
    held.is_provisional

from held
inner join longest on held.rulebook_version = longest.rulebook_version
inner join {{ ref('int_tier__recorded_tier') }} as recorded
    on held.month_start_date = recorded.month_start_date and held.tier_code = recorded.tier_code
cross join {{ ref('int_calendar__recorded_history') }} as recorded_history
left join tiered_tonight on held.customer_id = tiered_tonight.customer_id
{% if has_state() %}
left join tiered_before on held.customer_id = tiered_before.customer_id
{% endif %}
