-- One row per org as it was called, view and org that it counts for (机构汇总关系): itself (distance 0) and all above it.
-- In the view `then` an org that merged counts for itself, in `current` for its successor.

{{ config(materialized='table', meta={'grain': ['view_code', 'org_id', 'rollup_org_id']}) }}

with orgs as (

    select * from {{ ref('int_org__versions') }} where known_to_date is null

),

starts as (

    select
        'then' as view_code,
        org_id,
        org_id as rollup_org_id
    from orgs
    union all
    select
        'current' as view_code,
        org_id,
        resolved_org_id as rollup_org_id
    from {{ ref('int_org__succession') }}
    where from_date <= {{ business_date() }} and to_date > {{ business_date() }}

),

{% set levels = 7 %}
level_0 as (

    select
        view_code,
        org_id,
        rollup_org_id,
        0 as distance
    from starts

),

{% for level in range(1, levels + 1) %}
level_{{ level }} as (

    select
        below.view_code,
        below.org_id,
        orgs.parent_org_id as rollup_org_id,
        {{ level }} as distance
    from level_{{ level - 1 }} as below
    inner join orgs on below.rollup_org_id = orgs.org_id
    where orgs.parent_org_id is not null

),

{% endfor %}
levels as (

    {% for level in range(levels + 1) %}
    select * from level_{{ level }}{{ ' union all' if not loop.last }}
    {% endfor %}

)

select
    -- ids
    levels.org_id,
    levels.rollup_org_id,

    -- codes
    levels.view_code,
    orgs.org_level_code as rollup_level_code,

    -- measures
    cast(levels.distance as integer) as distance

from levels
inner join orgs on levels.rollup_org_id = orgs.org_id
