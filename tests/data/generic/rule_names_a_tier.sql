{% test rule_names_a_tier(model) %}
-- Fails on any rule for a tier that its rulebook does not have.

select rules.*
from {{ model }} as rules
left join {{ ref('tier_rules') }} as tiers
    on rules.rulebook_version = tiers.rulebook_version and rules.tier_code = tiers.tier_code
where tiers.tier_code is null

{% endtest %}
