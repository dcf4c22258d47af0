{% macro tier_held(judged, statuses, tier_rules) %}
    -- one row per customer and month judged: the tier that the best factor gives, its status, the factor that
    -- decides, and the highest tier lost of late

    with tiers as (

        select * from {{ tier_rules }}

    ),

    by_aum as (

        select
            statuses.customer_id,
            statuses.month_start_date,
            max(statuses.tier_rank) as tier_rank
        from {{ statuses }} as statuses
        inner join tiers
            on statuses.rulebook_version = tiers.rulebook_version and statuses.tier_code = tiers.tier_code
        where {{ is_held_by_aum('statuses', 'tiers') }}
        group by statuses.customer_id, statuses.month_start_date

    ),

    lost as (

        select
            judged.customer_id,
            judged.month_start_date,
            max(statuses.tier_rank) as tier_rank
        from {{ judged }} as judged
        inner join {{ statuses }} as statuses
            on
                judged.customer_id = statuses.customer_id
                and judged.month_start_date = statuses.month_start_date
                and statuses.status_code = 'lost'
                and judged.month_index - statuses.lost_since_index < judged.lost_report_months
        group by judged.customer_id, judged.month_start_date

    ),

    held as (

        select
            judged.*,
            greatest(coalesce(by_aum.tier_rank, 0), judged.factor_tier_rank) as tier_rank,
            coalesce(by_aum.tier_rank, 0) >= judged.factor_tier_rank as is_decided_by_aum,
            lost.tier_rank as lost_tier_rank
        from {{ judged }} as judged
        left join by_aum
            on
                judged.customer_id = by_aum.customer_id
                and judged.month_start_date = by_aum.month_start_date
        left join lost
            on judged.customer_id = lost.customer_id and judged.month_start_date = lost.month_start_date

    )

    select
        held.*,
        tiers.tier_code,
        tiers.window_months,
        lost_tiers.tier_code as lost_tier_code,
        case when held.is_decided_by_aum then 'aum' else held.factor_code end as deciding_factor_code,
        statuses.held_by_factor_code,
        -- an ordinary customer has no status row
        coalesce(statuses.status_code, 'normal') as status_code,
        case when statuses.held_by_factor_code is not null then 0 else coalesce(statuses.below_months, 0) end
            as below_months
    from held
    inner join tiers on held.rulebook_version = tiers.rulebook_version and held.tier_rank = tiers.tier_rank
    left join tiers as lost_tiers
        on
            held.rulebook_version = lost_tiers.rulebook_version
            and held.lost_tier_rank = lost_tiers.tier_rank
    left join {{ statuses }} as statuses
        on
            held.customer_id = statuses.customer_id
            and held.month_start_date = statuses.month_start_date
            and held.tier_rank = statuses.tier_rank
{% endmacro %}
