-- One row per part of a cost pool, month and org whose accounts bear it: the part's own org, or the orgs
-- below it if it keeps no accounts itself.

{{ config(materialized='view') }}

with keeping as (

    select month_start_date, org_id
    from {{ ref('int_contribution__line') }}
    group by month_start_date, org_id

),

candidates as (

    select
        parts.*,
        keeping.org_id as bearing_org_id,
        max(case when keeping.org_id = parts.part_org_id then 1 else 0 end) over (
            partition by
                parts.cost_pool_id, parts.org_id, parts.cost_month_date, parts.month_start_date,
                parts.part_org_id
        ) as keeps_accounts
    from {{ ref('int_contribution__pool_part') }} as parts
    inner join {{ ref('int_org__ancestor') }} as above on parts.part_org_id = above.ancestor_org_id
    inner join keeping
        on above.org_id = keeping.org_id and parts.month_start_date = keeping.month_start_date

)

select
    cost_pool_id,
    org_id,
    part_org_id,
    cost_month_date,
    month_start_date,
    driver_code,
    counted_cents,
    bearing_org_id
from candidates
where keeps_accounts = 0 or bearing_org_id = part_org_id
