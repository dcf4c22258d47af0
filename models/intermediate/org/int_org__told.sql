-- One row per org of tonight's batch: what the bank says of it, and which org took it over and when where a
-- change of orgs (机构撤并) tells it and its own row does not. What the own row says goes first; a change that
-- would go round in a circle is none.

{{ config(materialized='view') }}

with recursive orgs as (

    select * from {{ ref('stg_core_banking__orgs') }}

),

-- the last word on each org; a split leaves it, and says of no account whose it is
changes as (

    select
        old_org_id,
        new_org_id,
        change_date,
        row_number() over (
            partition by old_org_id
            order by change_date desc nulls last, business_date desc nulls last, change_id desc nulls last
        ) as recency
    from {{ ref('int_org__change') }}
    where change_type_code in ('merge', 'move') and old_org_id <> new_org_id

),

followed as (

    select
        orgs.org_id,
        coalesce(orgs.successor_org_id, changes.new_org_id) as successor_org_id,
        coalesce(orgs.close_date, changes.change_date) as close_date
    from orgs
    left join changes
        on
            orgs.org_id = changes.old_org_id
            and changes.recency = 1
            and coalesce(orgs.successor_org_id, changes.new_org_id) = changes.new_org_id

),

paths as (

    select org_id, successor_org_id as next_org_id
    from followed
    where successor_org_id is not null
    union
    select paths.org_id, followed.successor_org_id as next_org_id
    from paths
    inner join followed on paths.next_org_id = followed.org_id
    where followed.successor_org_id is not null

),

circles as (

    select org_id from paths where org_id = next_org_id

)

select
    -- ids
    orgs.org_id,
    orgs.parent_org_id,
    case when circles.org_id is null then followed.successor_org_id else orgs.successor_org_id end
        as successor_org_id,

    -- codes and names
    orgs.org_name,
    orgs.org_level_code,
    orgs.region_code,

    -- dates
    orgs.open_date,
    case when circles.org_id is null then followed.close_date else orgs.close_date end as close_date

from orgs
inner join followed on orgs.org_id = followed.org_id
left join circles on orgs.org_id = circles.org_id
