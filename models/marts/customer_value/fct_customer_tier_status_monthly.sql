-- One row per customer × tier ever reached × month: for how many months AUM has been below the tier's
-- threshold (k), and what that makes of the customer for that tier.

-- depends_on: {{ ref('fct_customer_aum_monthly') }}, {{ ref('int_tier__maybe_away') }}
{{ config(meta={
    'grain': ['customer_id', 'tier_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

-- depends_on: {{ ref('int_customer__survivor') }}

with

{% if has_state() %}

{%- set last_reached_first = ["together.status_code = 'lost'", 'coalesce(together.below_months, 100000)'] %}

-- the month before the first that tonight computes holds what is carried …
last_month as (

    select
        status.customer_id,
        status.tier_code,
        status.below_months,
        status.status_code,
        status.lost_since_date,
        {{ month_index('status.month_start_date') }} as month_index
    -- of customers who are one, the last month in which either had reached the tier counts
    from {{ one_for_survivors(
        by_survivor(this),
        ['customer_id', 'tier_code', 'month_start_date'],
        {
            'below_months': 'min(together.below_months)',
            'status_code': first_by('together.status_code', last_reached_first),
            'lost_since_date': first_by('together.lost_since_date', last_reached_first),
        },
    ) }} as status
    where status.month_start_date = {{ month_before_computed() }}

),

-- … except for customers who were away: theirs is their own last month
returned as (

    select maybe_away.customer_id
    from {{ ref('int_tier__maybe_away') }} as maybe_away
    inner join {{ ref('int_tier__customer_month') }} as customer_months
        on maybe_away.customer_id = customer_months.customer_id
    left join {{ by_survivor(ref('fct_customer_aum_monthly')) }} as before
        on
            maybe_away.customer_id = before.customer_id
            and before.month_start_date = {{ month_before_computed() }}
    where
        before.customer_id is null
        and customer_months.first_month_date < {{ first_computed_month() }}
    group by maybe_away.customer_id

),

returned_month as (

    select
        history.customer_id,
        history.tier_code,
        history.below_months,
        history.status_code,
        history.lost_since_date,
        history.month_index
    from (
        select
            status.*,
            {{ month_index('status.month_start_date') }} as month_index,
            row_number() over (
                partition by status.customer_id, status.tier_code
                order by status.month_start_date desc nulls last
            ) as recency
        from {{ by_survivor(this) }} as status
        inner join returned on status.customer_id = returned.customer_id
        where status.month_start_date < {{ first_computed_month() }}
    ) as history
    where history.recency = 1

),

carried as (

    select
        *,
        month_index - below_months as last_reached_index
    from (
        select * from last_month
        union all
        select * from returned_month
    ) as carried_rows

),

{% endif %}

statuses as (

    {{ tier_statuses(
        ref('int_tier__customer_month'), ref('tier_rules'), ref('tier_status_rules'),
        'carried' if has_state() else none
    ) }}

)

select
    -- ids
    customer_id,

    -- codes
    tier_code,
    cast(tier_rank as integer) as tier_rank,
    status_code,
    held_by_factor_code,
    rulebook_version,

    -- dates
    month_start_date,
    {{ month_from_index('lost_since_index') }} as lost_since_date,

    -- measures
    cast(below_months as integer) as below_months,

    -- flags
    coalesce(lost_since_index = month_index, false) as is_lost_event,
    is_provisional

from statuses
