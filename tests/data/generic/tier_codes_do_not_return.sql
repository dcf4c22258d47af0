{% test tier_codes_do_not_return(model) %}
-- Fails on any tier that a rulebook drops and takes up again under the same code: months below are counted
-- across versions by the code, and what nights carry ends where the tier does.

with versions as (

    select
        rulebook_code,
        rulebook_version,
        row_number() over (partition by rulebook_code order by valid_from_month nulls first) as version_number
    from {{ ref('tier_rulebooks') }}

)

select
    versions.rulebook_code,
    rules.tier_code
from {{ model }} as rules
inner join versions on rules.rulebook_version = versions.rulebook_version
group by versions.rulebook_code, rules.tier_code
having max(versions.version_number) - min(versions.version_number) + 1 <> count(*)

{% endtest %}
