-- One row per open month, org, employee and tier (客户经理工作量): customers looked after on the month's last
-- processed day, and what was assigned, adjusted and recalled in the month. UNASSIGNED has the org's pending
-- customers and their age, as of tonight.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'employee_id', 'tier_code'],
    'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

-- stretches, of which those that nobody holds tell only how the assignment ended
assignments as (

    select
        assignments.*,
        months.month_start_date,
        assignments.employee_id <> 'UNASSIGNED'
        and assignments.valid_from_date <= months.through_date
        and (assignments.valid_to_date is null or assignments.valid_to_date > months.through_date) as is_held,
        assignments.valid_from_date = assignments.assigned_date
        and assignments.valid_from_date >= months.month_start_date
        and assignments.valid_from_date <= months.through_date as is_begun,
        assignments.valid_to_date = assignments.ended_date
        and assignments.valid_to_date >= months.month_start_date
        and assignments.valid_to_date <= months.through_date as is_ended
    from {{ ref('int_ownership__assignment') }} as assignments
    inner join months
        on
            assignments.valid_from_date <= months.through_date
            and (assignments.valid_to_date is null or assignments.valid_to_date >= months.month_start_date)

),

tiers as (

    select tiers.customer_id, tiers.month_start_date, tiers.tier_code, tiers.assessment_aum_amt
    from {{ ref('fct_customer_tier_monthly') }} as tiers
    inner join months on tiers.month_start_date = months.month_start_date

),

managed as (

    select
        assignments.month_start_date,
        assignments.org_id,
        assignments.assigned_employee_id as employee_id,
        coalesce(tiers.tier_code, 'none') as tier_code,
        sum(case when assignments.is_held and assignments.role_code = 'main' then 1 else 0 end)
            as main_customer_cnt,
        sum(case when assignments.is_held and assignments.role_code = 'assistant' then 1 else 0 end)
            as assistant_customer_cnt,
        sum(case when assignments.is_held then assignments.participation_share else 0 end)
            as participation_customer_cnt,
        sum(
            case
                when assignments.is_held and assignments.role_code = 'main'
                    then coalesce(tiers.assessment_aum_amt, 0)
                else 0
            end
        ) as main_aum_amt,
        sum(case when assignments.is_begun then 1 else 0 end) as begun_cnt,
        sum(case when assignments.is_ended and assignments.change_reason_code = 'adjust' then 1 else 0 end)
            as adjusted_cnt,
        sum(case when assignments.is_ended and assignments.change_reason_code = 'recall' then 1 else 0 end)
            as recalled_cnt,
        0 as pending_cnt,
        0 as pending_age_days,
        0 as oldest_pending_days
    from assignments
    left join tiers
        on
            assignments.customer_id = tiers.customer_id
            and assignments.month_start_date = tiers.month_start_date
    where assignments.is_held or assignments.is_begun or assignments.is_ended
    group by 1, 2, 3, 4

),

pending as (

    select
        {{ month_start(business_date()) }} as month_start_date,
        coalesce(org_id, 'UNKNOWN') as org_id,
        'UNASSIGNED' as employee_id,
        coalesce(tier_code, 'none') as tier_code,
        0 as main_customer_cnt,
        0 as assistant_customer_cnt,
        0 as participation_customer_cnt,
        0 as main_aum_amt,
        0 as begun_cnt,
        0 as adjusted_cnt,
        0 as recalled_cnt,
        count(*) as pending_cnt,
        sum(age_days) as pending_age_days,
        max(age_days) as oldest_pending_days
    from {{ ref('rpt_pending_assignment') }}
    group by 1, 2, 3, 4

),

workload as (

    select * from managed
    union all
    select * from pending

)

select
    -- ids
    workload.org_id,
    workload.employee_id,

    -- codes
    workload.tier_code,

    -- dates
    workload.month_start_date,

    -- measures
    cast(workload.main_customer_cnt as bigint) as main_customer_cnt,
    cast(workload.assistant_customer_cnt as bigint) as assistant_customer_cnt,
    cast(workload.participation_customer_cnt as decimal(18, 5)) as participation_customer_cnt,
    cast(workload.main_aum_amt as {{ amount_type() }}) as main_aum_amt,
    cast(workload.begun_cnt as bigint) as begun_cnt,
    cast(workload.adjusted_cnt as bigint) as adjusted_cnt,
    cast(workload.recalled_cnt as bigint) as recalled_cnt,
    cast(workload.pending_cnt as bigint) as pending_cnt,
    cast(workload.pending_age_days as bigint) as pending_age_days,
    cast(workload.oldest_pending_days as integer) as oldest_pending_days,

    -- flags
    months.is_provisional

from workload
inner join months on workload.month_start_date = months.month_start_date
