-- One row per cost pool, month and org whose accounts bear it: the pool's own org, or the orgs below it if it
-- keeps no accounts itself.

{{ config(materialized='view') }}

with keeping as (

    select month_start_date, org_id
    from {{ ref('int_contribution__line') }}
    group by month_start_date, org_id

),

pools as (

    select pools.*
    from {{ ref('int_contribution__cost_pool') }} as pools
    inner join {{ ref('int_contribution__month') }} as months
        on pools.month_start_date = months.month_start_date

),

candidates as (

    select
        pools.*,
        keeping.org_id as bearing_org_id,
        max(case when keeping.org_id = pools.org_id then 1 else 0 end) over (
            partition by pools.cost_pool_id, pools.org_id, pools.cost_month_date, pools.month_start_date
        ) as keeps_accounts
    from pools
    inner join {{ ref('int_org__ancestor') }} as above on pools.org_id = above.ancestor_org_id
    inner join keeping
        on above.org_id = keeping.org_id and pools.month_start_date = keeping.month_start_date

)

select
    cost_pool_id,
    org_id,
    cost_month_date,
    month_start_date,
    driver_code,
    {{ cents('cost_amt') }} as cost_cents,
    bearing_org_id
from candidates
where keeps_accounts = 0 or bearing_org_id = org_id
