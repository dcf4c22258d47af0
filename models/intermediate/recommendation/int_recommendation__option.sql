-- One row per way in which something may be recommended tonight: a rule, or a line similar to one held.
-- By rules before by similarity, the higher score first: of what a customer may be offered, the lowest number
-- wins. Numbers sort in a fraction of the time that texts take.

{{ config(materialized='table') }}

select
    *,
    row_number() over (
        order by
            source_code asc nulls last, score desc nulls last, product_line_code asc nulls last,
            rule_code asc nulls last, similar_to asc nulls last
    ) as option_number
from (
    select
        'rule' as source_code,
        rule_code,
        product_line_code,
        score,
        cast(null as varchar) as held_line_code,
        cast(null as varchar) as similar_to
    from {{ ref('recommendation_rules') }}
    where
        valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date >= {{ business_date() }})
    union all
    select
        'similarity' as source_code,
        cast(null as varchar) as rule_code,
        pairs.product_line_code,
        pairs.similarity as score,
        pairs.held_line_code,
        'similar to ' || pairs.held_line_code || ': ' || cast(pairs.both_cnt as varchar) || ' of '
        || cast(pairs.held_line_cnt as varchar) || ' holders hold both' as similar_to
    from {{ ref('int_recommendation__line_pair') }} as pairs
    inner join {{ ref('recommendation_settings') }} as settings
        on
            pairs.both_cnt >= settings.min_support_cnt
            and settings.valid_from_date <= {{ business_date() }}
            and (settings.valid_to_date is null or settings.valid_to_date >= {{ business_date() }})
    where
        pairs.product_line_code <> pairs.held_line_code
        and pairs.month_start_date = {{ month_start(business_date()) }}
) as every_option
