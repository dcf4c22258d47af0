{% test lost_starts_after_window(model) %}
-- Fails where a tier is not lost in exactly the month after its window: both tables say when it ends.

select
    statuses.*,
    tiers.window_months
from {{ model }} as statuses
inner join {{ ref('tier_rules') }} as tiers
    on statuses.rulebook_version = tiers.rulebook_version and statuses.tier_code = tiers.tier_code
where
    (statuses.status_code = 'lost' and statuses.below_from_months <> tiers.window_months + 1)
    or (statuses.status_code <> 'lost' and statuses.below_to_months > tiers.window_months)

{% endtest %}
