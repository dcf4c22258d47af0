-- One row per personal customer per month: the tier that the best factor gives under the rulebook in
-- force, and the status of it.

{{ config(unique_key='month_start_date', meta={
    'grain': ['customer_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'month_start',
}) }}

with customer_months as (

    select * from {{ ref('int_tier__customer_month') }}

),

tiers as (

    select * from {{ ref('tier_rules') }}

),

statuses as (

    select status.*, tiers.window_months
    from {{ ref('fct_customer_tier_status_monthly') }} as status
    inner join {{ ref('int_calendar__open_months') }} as months
        on status.month_start_date = months.month_start_date
    inner join tiers on status.rulebook_version = tiers.rulebook_version and status.tier_code = tiers.tier_code

),

by_aum as (

    select
        customer_id,
        month_start_date,
        max(case when below_months <= window_months then tier_rank end) as aum_tier_rank
    from statuses
    group by customer_id, month_start_date

),

held as (

    select
        customer_months.*,
        greatest(coalesce(by_aum.aum_tier_rank, 0), customer_months.factor_tier_rank) as tier_rank,
        coalesce(by_aum.aum_tier_rank, 0) >= customer_months.factor_tier_rank as is_decided_by_aum
    from customer_months
    left join by_aum
        on
            customer_months.customer_id = by_aum.customer_id
            and customer_months.month_start_date = by_aum.month_start_date

),

lost as (

    select
        held.customer_id,
        held.month_start_date,
        max(statuses.tier_rank) as lost_tier_rank
    from held
    inner join statuses
        on
            held.customer_id = statuses.customer_id
            and held.month_start_date = statuses.month_start_date
            and statuses.status_code = 'lost'
            and held.month_index - {{ month_index('statuses.lost_since_date') }} < held.lost_report_months
    group by held.customer_id, held.month_start_date

),

{% if has_state() %}

{%- set last_month = month_from_index(
    '(select min(month_index) - 1 from ' ~ ref('int_calendar__open_months') ~ ')'
) %}

last_month as (

    select customer_id, first_tiered_month_date
    from {{ this }}
    where month_start_date = {{ last_month }}

),

-- customers who were away then: theirs is in their own last months
returned as (

    select customer_months.customer_id
    from customer_months
    left join last_month on customer_months.customer_id = last_month.customer_id
    where last_month.customer_id is null and customer_months.first_month_date < {{ last_month }}
    group by customer_months.customer_id

),

tiered_before as (

    select customer_id, first_tiered_month_date from last_month
    union all
    select history.customer_id, min(history.first_tiered_month_date) as first_tiered_month_date
    from {{ this }} as history
    inner join returned on history.customer_id = returned.customer_id
    where history.month_start_date < {{ last_month }}
    group by history.customer_id

),

{% endif %}

labelled as (

    select
        held.*,
        tiers.tier_code,
        tiers.window_months,
        lost_tiers.tier_code as lost_tier_code,
        statuses.below_months as tier_below_months,
        statuses.status_code as tier_status_code,
        statuses.held_by_factor_code,
        longest.window_months as longest_window_months,
        recorded_history.history_start_date,
        min(case when held.tier_rank > 0 then held.month_start_date end) over (
            partition by held.customer_id
            order by held.month_index
            rows between unbounded preceding and current row
        ) as first_tiered_tonight_date
    from held
    inner join tiers on held.rulebook_version = tiers.rulebook_version and held.tier_rank = tiers.tier_rank
    inner join (
        select rulebook_version, max(window_months) as window_months from tiers group by rulebook_version
    ) as longest
        on held.rulebook_version = longest.rulebook_version
    cross join {{ ref('int_calendar__recorded_history') }} as recorded_history
    left join lost
        on held.customer_id = lost.customer_id and held.month_start_date = lost.month_start_date
    left join tiers as lost_tiers
        on held.rulebook_version = lost_tiers.rulebook_version and lost.lost_tier_rank = lost_tiers.tier_rank
    left join statuses
        on
            held.customer_id = statuses.customer_id
            and held.month_start_date = statuses.month_start_date
            and held.tier_rank = statuses.tier_rank

)

select
    -- ids
    labelled.customer_id,
    labelled.owning_org_id,

    -- codes
    labelled.rulebook_version,
    labelled.tier_code,
    cast(labelled.tier_rank as integer) as tier_rank,
    coalesce(labelled.tier_status_code, 'normal') as status_code,
    case when labelled.is_decided_by_aum then 'aum' else labelled.factor_code end as deciding_factor_code,
    labelled.held_by_factor_code,
    labelled.lost_tier_code,

    -- dates
    labelled.month_start_date,
    {% if has_state() %}
    coalesce(tiered_before.first_tiered_month_date, labelled.first_tiered_tonight_date)
    {% else %}
    labelled.first_tiered_tonight_date
    {% endif %} as first_tiered_month_date,

    -- measures
    labelled.assessment_aum_amt,
    cast(
        case when labelled.held_by_factor_code is not null then 0 else coalesce(labelled.tier_below_months, 0) end
        as integer
    ) as below_months,
    labelled.card_spend_12m_amt,
    labelled.mortgage_balance_amt,
    labelled.credit_loan_balance_amt,

    -- flags
    labelled.has_diamond_card,
    {{ month_index('labelled.first_month_date') }}
    <= labelled.month_index - coalesce(labelled.window_months, labelled.longest_window_months)
    or labelled.first_open_date >= labelled.history_start_date as is_history_complete,
    labelled.is_provisional

from labelled
{% if has_state() %}
left join tiered_before on labelled.customer_id = tiered_before.customer_id
{% endif %}
