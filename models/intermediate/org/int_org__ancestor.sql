-- One row per org and org above it as of tonight, itself included. A tree has any number of levels; gate 1
-- lets no circle through, and where a bank's own rules do, the number of orgs ends it.

{{ config(materialized='view') }}

with recursive orgs as (

    select org_id, parent_org_id from {{ ref('stg_core_banking__orgs') }}

),

most as (

    select count(*) as org_cnt from orgs

),

paths as (

    select
        org_id,
        org_id as ancestor_org_id,
        parent_org_id as next_org_id,
        cast(0 as integer) as distance
    from orgs
    union all
    select
        below.org_id,
        orgs.org_id as ancestor_org_id,
        orgs.parent_org_id as next_org_id,
        cast(below.distance + 1 as integer) as distance
    from paths as below
    inner join orgs on below.next_org_id = orgs.org_id
    cross join most
    where below.distance < most.org_cnt

)

-- an org that is above itself by mistake counts once
select
    org_id,
    ancestor_org_id,
    min(distance) as distance
from paths
group by org_id, ancestor_org_id
