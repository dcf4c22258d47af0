-- One row per org and time: which org it is, after mergers (机构撤并). Until it closes an org is itself; from its
-- closing day on it is its successor, and so on from there.

{{ config(materialized='view') }}

with orgs as (

    select * from {{ ref('int_org__versions') }} where known_to_date is null

),

{% set hops = 5 %}
step_0 as (

    select
        org_id,
        org_id as resolved_org_id,
        cast('0001-01-01' as date) as from_date,
        0 as hops
    from orgs

),

{% for hop in range(1, hops + 1) %}
step_{{ hop }} as (

    select
        step.org_id,
        orgs.successor_org_id as resolved_org_id,
        greatest(step.from_date, coalesce(orgs.close_date, step.from_date)) as from_date,
        {{ hop }} as hops
    from step_{{ hop - 1 }} as step
    inner join orgs on step.resolved_org_id = orgs.org_id
    where orgs.successor_org_id is not null

),

{% endfor %}
steps as (

    {% for hop in range(hops + 1) %}
    select * from step_{{ hop }}{{ ' union all' if not loop.last }}
    {% endfor %}

)

select
    org_id,
    resolved_org_id,
    from_date,
    coalesce(
        lead(from_date) over (partition by org_id order by hops nulls last), cast('9999-12-31' as date)
    ) as to_date
from steps
