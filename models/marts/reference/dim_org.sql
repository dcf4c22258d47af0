-- One row per org that was ever delivered: its name, its place in tonight's tree, what became of it. An org
-- that is no longer delivered keeps what was last said of it, so that figures of its time have a name.

{{ config(materialized='table', meta={'grain': ['org_id']}) }}

with orgs as (

    select
        *,
        row_number() over (partition by org_id order by known_from_date desc nulls last) as recency
    from {{ ref('int_org__versions') }}

),

last_versions as (

    select * from orgs where recency = 1

),

paths as (

    select
        above.org_id,
        {{ joined_text(
            'names.org_name', "' / '", ['above.distance desc nulls last', 'above.ancestor_org_id']
        ) }} as org_path_name
    from {{ ref('int_org__ancestor') }} as above
    inner join last_versions as names on above.ancestor_org_id = names.org_id
    group by above.org_id

)

select
    -- ids
    last_versions.org_id,
    last_versions.parent_org_id,
    last_versions.successor_org_id,

    -- codes and names
    last_versions.org_name,
    coalesce(paths.org_path_name, last_versions.org_name) as org_path_name,
    last_versions.org_level_code,
    last_versions.region_code,

    -- dates
    last_versions.open_date,
    last_versions.close_date,

    -- flags
    last_versions.known_to_date is null as is_delivered

from last_versions
left join paths on last_versions.org_id = paths.org_id
