-- One row per org as it was called, view and org that it counts for (机构汇总关系): itself (distance 0) and all
-- above it. In the view `then` an org that merged counts for itself, in `current` for its successor.

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

)

select
    -- ids
    starts.org_id,
    above.ancestor_org_id as rollup_org_id,

    -- codes
    starts.view_code,
    orgs.org_level_code as rollup_level_code,

    -- measures
    cast(above.distance as integer) as distance

from starts
inner join {{ ref('int_org__ancestor') }} as above on starts.rollup_org_id = above.org_id
inner join orgs on above.ancestor_org_id = orgs.org_id
