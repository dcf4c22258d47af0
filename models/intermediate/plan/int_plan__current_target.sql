-- One row per scope, indicator and period: the target of the highest version, and of an org the scope that it
-- is a part of, the nearest org above it with a target, else the bank.

with ranked as (

    select
        *,
        row_number() over (
            partition by scope_type_code, scope_id, indicator_code, period_code
            order by plan_version desc nulls last
        ) as recency
    from {{ ref('int_plan__target') }}

),

targets as (

    select * from ranked where recency = 1

),

owners as (

    select
        ancestors.org_id,
        targets.scope_id as parent_id,
        targets.indicator_code,
        targets.period_code,
        row_number() over (
            partition by ancestors.org_id, targets.indicator_code, targets.period_code
            order by ancestors.distance nulls last, targets.scope_id nulls last
        ) as nearness
    from {{ ref('int_org__ancestor') }} as ancestors
    inner join targets on ancestors.ancestor_org_id = targets.scope_id and targets.scope_type_code = 'org'
    where ancestors.distance > 0

)

select
    targets.scope_type_code,
    targets.scope_id,
    targets.indicator_code,
    targets.period_code,
    targets.plan_version,
    targets.target_value,
    case
        when targets.scope_type_code <> 'org' then null
        when owners.parent_id is null then 'bank'
        else 'org'
    end as parent_type,
    case when targets.scope_type_code = 'org' then coalesce(owners.parent_id, 'bank') end as parent_id
from targets
left join owners
    on
        {{ key_where("targets.scope_type_code = 'org'", 'targets.scope_id') }} = owners.org_id
        and targets.indicator_code = owners.indicator_code
        and targets.period_code = owners.period_code
        and owners.nearness = 1
