-- One row per org and month that tonight computes whose accounts may bear a cost of it: a pool's own org,
-- those that have taken it over, and all below.

{{ config(materialized='table') }}

select distinct
    tree.org_id,
    pools.month_start_date
from {{ ref('int_contribution__cost_pool') }} as pools
inner join {{ ref('int_calendar__computed_months') }} as months
    on pools.month_start_date = months.month_start_date
inner join {{ ref('int_org__succession') }} as successions on pools.org_id = successions.org_id
inner join {{ ref('int_org__ancestor') }} as tree on successions.resolved_org_id = tree.ancestor_org_id
