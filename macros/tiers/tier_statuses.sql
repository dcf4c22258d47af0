{% macro tier_statuses(judged, tier_rules, status_rules, carried=none) %}
    {# `carried`: rows of the last month before those judged, by customer and tier, with last_reached_index;
       without it all history is in `judged`. #}
    -- one row per customer, tier ever reached and month: for how many months AUM has been below the tier's
    -- threshold (k), counted from the last month that reached the threshold in force in it, and what that
    -- makes of the customer for that tier

    with tiers as (

        select * from {{ tier_rules }} where aum_from_amt is not null

    ),

    reached as (

        select judged.customer_id, tiers.tier_code, judged.month_index
        from {{ judged }} as judged
        inner join tiers
            on
                judged.rulebook_version = tiers.rulebook_version
                and judged.assessment_aum_amt >= tiers.aum_from_amt

    ),

    spans as (

        select
            customer_id,
            tier_code,
            min(month_index) as first_index,
            max(month_index) as last_index,
            max(month_index) - min(month_index) + 1 > count(*) as is_interrupted
        from reached
        group by customer_id, tier_code

    ),

    ever_reached as (

        select customer_id, tier_code from spans
        union
        {%- if carried is not none %}
        select customer_id, tier_code from {{ carried }} where last_reached_index is not null
        union
        {%- endif %}
        -- held by another factor now, whatever AUM did
        select judged.customer_id, tiers.tier_code
        from {{ judged }} as judged
        inner join tiers
            on
                judged.rulebook_version = tiers.rulebook_version
                and judged.factor_tier_rank >= tiers.tier_rank

    ),

    tier_months as (

        select
            judged.customer_id,
            tiers.tier_code,
            tiers.tier_rank,
            judged.rulebook_version,
            judged.month_start_date,
            judged.month_index,
            judged.is_provisional,
            case when judged.factor_tier_rank >= tiers.tier_rank then judged.factor_code end
                as held_by_factor_code
        from {{ judged }} as judged
        inner join ever_reached on judged.customer_id = ever_reached.customer_id
        inner join tiers
            on judged.rulebook_version = tiers.rulebook_version and ever_reached.tier_code = tiers.tier_code

    ),

    -- only who fell below and came back has several months to count from; all others have their span
    last_reached as (

        select
            tier_months.customer_id,
            tier_months.tier_code,
            tier_months.month_index,
            max(reached.month_index) over (
                partition by tier_months.customer_id, tier_months.tier_code
                order by tier_months.month_index
                rows between unbounded preceding and current row
            ) as reached_index
        from tier_months
        inner join spans
            on
                tier_months.customer_id = spans.customer_id
                and tier_months.tier_code = spans.tier_code
                and spans.is_interrupted
        left join reached
            on
                tier_months.customer_id = reached.customer_id
                and tier_months.tier_code = reached.tier_code
                and tier_months.month_index = reached.month_index

    ),

    counted as (

        select
            tier_months.*,
            tier_months.month_index - coalesce(
                case
                    when tier_months.month_index >= spans.last_index then spans.last_index
                    when spans.is_interrupted then last_reached.reached_index
                    when tier_months.month_index >= spans.first_index then tier_months.month_index
                end{{ ',\n                carried.last_reached_index' if carried is not none }}
            ) as below_months
        from tier_months
        left join spans
            on
                tier_months.customer_id = spans.customer_id
                and tier_months.tier_code = spans.tier_code
        left join last_reached
            on
                tier_months.customer_id = last_reached.customer_id
                and tier_months.tier_code = last_reached.tier_code
                and tier_months.month_index = last_reached.month_index
        {%- if carried is not none %}
        left join {{ carried }} as carried
            on
                tier_months.customer_id = carried.customer_id
                and tier_months.tier_code = carried.tier_code
        {%- endif %}

    ),

    -- an open band ends where no history reaches
    bands as (

        select
            rulebook_version,
            tier_code,
            status_code,
            below_from_months,
            coalesce(below_to_months, 100000) as below_to_months
        from {{ status_rules }}

    ),

    labelled as (

        select
            counted.*,
            case when counted.held_by_factor_code is not null then 'normal' else bands.status_code end
                as status_code
        from counted
        left join bands
            on
                counted.rulebook_version = bands.rulebook_version
                and counted.tier_code = bands.tier_code
                and counted.below_months >= bands.below_from_months
                and counted.below_months <= bands.below_to_months
        -- before the first month that reached it, and where only a factor that is gone gave it, there is no
        -- row
        where counted.below_months is not null or counted.held_by_factor_code is not null

    ),

    ever_lost as (

        select customer_id, tier_code
        from labelled
        where status_code = 'lost'
        group by customer_id, tier_code

    ),

    followed as (

        select
            labelled.customer_id,
            labelled.tier_code,
            labelled.month_index,
            labelled.status_code,
            {% if carried is not none -%}
            case when carried.status_code = 'lost' then {{ month_index('carried.lost_since_date') }} end
                as carried_lost_since_index,
            {% endif -%}
            coalesce(
                lag(labelled.status_code) over (
                    partition by labelled.customer_id, labelled.tier_code order by labelled.month_index
                ),
                {{ 'carried.status_code' if carried is not none else "'none'" }},
                'none'
            ) as previous_status_code
        from labelled
        inner join ever_lost
            on labelled.customer_id = ever_lost.customer_id and labelled.tier_code = ever_lost.tier_code
        {%- if carried is not none %}
        left join {{ carried }} as carried
            on labelled.customer_id = carried.customer_id and labelled.tier_code = carried.tier_code
        {%- endif %}

    ),

    -- lost since the first of its months that is lost; a customer who was away then, since his return
    lost_since as (

        select
            customer_id,
            tier_code,
            month_index,
            coalesce(
                max(
                    case when status_code = 'lost' and previous_status_code <> 'lost' then month_index end
                ) over (
                    partition by customer_id, tier_code
                    order by month_index
                    rows between unbounded preceding and current row
                ),
                {{ 'carried_lost_since_index' if carried is not none else 'cast(null as bigint)' }}
            ) as lost_since_index
        from followed

    )

    select
        labelled.*,
        case when labelled.status_code = 'lost' then lost_since.lost_since_index end as lost_since_index
    from labelled
    left join lost_since
        on
            labelled.customer_id = lost_since.customer_id
            and labelled.tier_code = lost_since.tier_code
            and labelled.month_index = lost_since.month_index
{% endmacro %}
