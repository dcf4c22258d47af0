-- One row per org and org above it as of tonight, itself included.

{{ config(materialized='view') }}

{%- set most_levels = 8 %}

with orgs as (

    select org_id, parent_org_id from {{ ref('stg_core_banking__orgs') }}

),

level_0 as (

    select org_id, org_id as ancestor_org_id, parent_org_id as next_org_id from orgs

),
{% for level in range(1, most_levels) %}
level_{{ level }} as (

    select below.org_id, orgs.org_id as ancestor_org_id, orgs.parent_org_id as next_org_id
    from level_{{ level - 1 }} as below
    inner join orgs on below.next_org_id = orgs.org_id

),
{% endfor %}
paths as (

    {% for level in range(most_levels) %}
    select org_id, ancestor_org_id, {{ level }} as distance from level_{{ level }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

-- an org that is above itself by mistake counts once
select
    org_id,
    ancestor_org_id,
    min(distance) as distance
from paths
group by org_id, ancestor_org_id
