-- One row per org and time: which org it is, after mergers (机构撤并). Until it closes an org is itself; from its
-- closing day on it is its successor, and so on from there, over any number of mergers. A successor named
-- before a closing day is known is none yet. Gate 1 lets no circle through.

{{ config(materialized='view') }}

with recursive orgs as (

    select * from {{ ref('int_org__versions') }} where known_to_date is null

),

most as (

    select count(*) as org_cnt from orgs

),

steps as (

    select
        org_id,
        org_id as resolved_org_id,
        cast('0001-01-01' as date) as from_date,
        cast(0 as integer) as hops
    from orgs
    union all
    select
        steps.org_id,
        orgs.successor_org_id as resolved_org_id,
        greatest(steps.from_date, orgs.close_date) as from_date,
        cast(steps.hops + 1 as integer) as hops
    from steps
    inner join orgs on steps.resolved_org_id = orgs.org_id
    cross join most
    where
        orgs.successor_org_id is not null
        and orgs.close_date is not null
        and steps.hops < most.org_cnt

)

select
    org_id,
    resolved_org_id,
    from_date,
    coalesce(
        lead(from_date) over (partition by org_id order by hops nulls last), cast('9999-12-31' as date)
    ) as to_date
from steps
