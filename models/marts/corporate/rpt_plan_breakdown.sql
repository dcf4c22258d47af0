-- One row per scope, indicator and period (计划分解), as known tonight: the target, the targets of those just
-- below that have one, and what is missing of it. An org without a target passes on those of the orgs below
-- it. The targets of all people who work at the org or below it stand beside it.

{{ config(materialized='table', meta={'grain': ['scope_type', 'scope_id', 'indicator_code', 'period']}) }}

with targets as (

    select * from {{ ref('int_plan__current_target') }}

),

ancestors as (

    select * from {{ ref('int_org__ancestor') }}

),

staff as (

    select employee_id, org_id
    from {{ ref('int_employee__org') }}
    where from_date <= {{ business_date() }} and to_date > {{ business_date() }}

),

children as (

    select
        parent_type,
        parent_id,
        indicator_code,
        period_code,
        sum(target_value) as children_target,
        count(*) as children_cnt
    from targets
    where scope_type_code = 'org'
    group by parent_type, parent_id, indicator_code, period_code

),

people as (

    select
        ancestors.ancestor_org_id as scope_id,
        'org' as scope_type_code,
        targets.indicator_code,
        targets.period_code,
        targets.target_value
    from targets
    inner join staff on targets.scope_id = staff.employee_id
    inner join ancestors on staff.org_id = ancestors.org_id
    where targets.scope_type_code = 'employee'
    union all
    select
        'bank' as scope_id,
        'bank' as scope_type_code,
        indicator_code,
        period_code,
        target_value
    from targets
    where scope_type_code = 'employee'

),

people_totals as (

    select
        scope_id,
        scope_type_code,
        indicator_code,
        period_code,
        sum(target_value) as people_target,
        count(*) as people_cnt
    from people
    group by scope_id, scope_type_code, indicator_code, period_code

)

select
    -- ids
    targets.scope_id,

    -- codes
    targets.scope_type_code as scope_type,
    targets.indicator_code,
    targets.period_code as period,

    -- measures
    cast(targets.plan_version as integer) as version,
    cast(targets.target_value as {{ amount_type() }}) as target,
    cast(children.children_target as {{ amount_type() }}) as children_target,
    cast(coalesce(children.children_cnt, 0) as bigint) as children_cnt,
    cast(targets.target_value - children.children_target as {{ amount_type() }}) as gap,
    cast(people_totals.people_target as {{ amount_type() }}) as people_target,
    cast(coalesce(people_totals.people_cnt, 0) as bigint) as people_cnt,
    cast(targets.target_value - people_totals.people_target as {{ amount_type() }}) as people_gap

from targets
left join children
    on
        targets.scope_type_code = children.parent_type
        -- whatever number the bank's own scope goes by
        and case when targets.scope_type_code = 'bank' then 'bank' else targets.scope_id end
        = children.parent_id
        and targets.indicator_code = children.indicator_code
        and targets.period_code = children.period_code
left join people_totals
    on
        targets.scope_type_code = people_totals.scope_type_code
        and case when targets.scope_type_code = 'bank' then 'bank' else targets.scope_id end
        = people_totals.scope_id
        and targets.indicator_code = people_totals.indicator_code
        and targets.period_code = people_totals.period_code
where targets.scope_type_code <> 'employee'
