-- One row per customer × tier ever reached × month: for how many months AUM has been below the tier's
-- threshold (k), and what that makes of the customer for that tier.

-- depends_on: {{ ref('fct_customer_aum_monthly') }}
{{ config(unique_key='month_start_date', meta={
    'grain': ['customer_id', 'tier_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'month_start',
}) }}

with customer_months as (

    select * from {{ ref('int_tier__customer_month') }}

),

tiers as (

    select * from {{ ref('tier_rules') }} where aum_from_amt is not null

),

first_month as (

    select min(month_index) as first_index from {{ ref('int_calendar__open_months') }}

),

reached as (

    select
        customer_months.customer_id,
        tiers.tier_code,
        customer_months.month_start_date,
        customer_months.month_index
    from customer_months
    inner join tiers
        on
            customer_months.rulebook_version = tiers.rulebook_version
            and customer_months.assessment_aum_amt >= tiers.aum_from_amt

),

{% if has_state() %}

-- the month before the first that tonight computes holds what is carried …
last_month as (

    select
        status.customer_id,
        status.tier_code,
        status.below_months,
        status.status_code,
        status.lost_since_date,
        {{ month_index('status.month_start_date') }} as month_index
    from {{ this }} as status
    cross join first_month
    where status.month_start_date = {{ month_from_index('(select first_index - 1 from first_month)') }}

),

-- … except for customers who were away: theirs is their own last month
returned as (

    select customer_months.customer_id
    from customer_months
    cross join first_month
    left join {{ ref('fct_customer_aum_monthly') }} as before
        on
            customer_months.customer_id = before.customer_id
            and before.month_start_date = {{ month_from_index('(select first_index - 1 from first_month)') }}
    where
        before.customer_id is null
        and {{ month_index('customer_months.first_month_date') }} < first_month.first_index
    group by customer_months.customer_id

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
        from {{ this }} as status
        inner join returned on status.customer_id = returned.customer_id
        cross join first_month
        where {{ month_index('status.month_start_date') }} < first_month.first_index
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

{% else %}

carried as (

    select
        cast(null as varchar) as customer_id,
        cast(null as varchar) as tier_code,
        cast(null as varchar) as status_code,
        cast(null as date) as lost_since_date,
        cast(null as bigint) as month_index,
        cast(null as bigint) as last_reached_index
    from first_month
    where false

),

{% endif %}

ever_reached as (

    select customer_id, tier_code from reached
    union
    select customer_id, tier_code from carried where last_reached_index is not null
    union
    -- held by another factor now, whatever AUM did
    select customer_months.customer_id, tiers.tier_code
    from customer_months
    inner join tiers
        on
            customer_months.rulebook_version = tiers.rulebook_version
            and customer_months.factor_tier_rank >= tiers.tier_rank

),

counted as (

    select
        customer_months.customer_id,
        ever_reached.tier_code,
        tiers.tier_rank,
        customer_months.rulebook_version,
        customer_months.month_start_date,
        customer_months.month_index,
        customer_months.is_provisional,
        case when customer_months.factor_tier_rank >= tiers.tier_rank then customer_months.factor_code end
            as held_by_factor_code,
        customer_months.month_index - coalesce(
            max(reached.month_index) over (
                partition by customer_months.customer_id, ever_reached.tier_code
                order by customer_months.month_index
                rows between unbounded preceding and current row
            ),
            carried.last_reached_index
        ) as below_months,
        carried.status_code as carried_status_code,
        carried.month_index as carried_month_index,
        carried.lost_since_date as carried_lost_since_date
    from customer_months
    inner join ever_reached on customer_months.customer_id = ever_reached.customer_id
    inner join tiers
        on
            customer_months.rulebook_version = tiers.rulebook_version
            and ever_reached.tier_code = tiers.tier_code
    left join reached
        on
            customer_months.customer_id = reached.customer_id
            and ever_reached.tier_code = reached.tier_code
            and customer_months.month_start_date = reached.month_start_date
    left join carried
        on
            ever_reached.customer_id = carried.customer_id
            and ever_reached.tier_code = carried.tier_code

),

judged as (

    select
        counted.*,
        case when counted.held_by_factor_code is not null then 'normal' else bands.status_code end
            as status_code
    from counted
    left join {{ ref('tier_status_rules') }} as bands
        on
            counted.rulebook_version = bands.rulebook_version
            and counted.tier_code = bands.tier_code
            and counted.below_months >= bands.below_from_months
            and (bands.below_to_months is null or counted.below_months <= bands.below_to_months)
    -- before the first month that reached it, and where only a factor that is gone gave it, there is no row
    where counted.below_months is not null or counted.held_by_factor_code is not null

),

dated as (

    select
        judged.*,
        case
            when judged.status_code = 'lost' then coalesce(
                -- the month after the last one that was not lost
                max(case when judged.status_code <> 'lost' then judged.month_index end) over (
                    partition by judged.customer_id, judged.tier_code
                    order by judged.month_index
                    rows between unbounded preceding and current row
                ) + 1,
                case
                    when judged.carried_status_code = 'lost'
                        then {{ month_index('judged.carried_lost_since_date') }}
                end,
                min(judged.month_index) over (partition by judged.customer_id, judged.tier_code)
            )
        end as lost_since_index
    from judged

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

from dated
