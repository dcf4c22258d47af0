-- One row per policy, org and month (政策落实情况): the customers of a segment, and for how many of them what the
-- policy asks for in a quarter has been done so far.

{{ config(meta={
    'grain': ['policy_code', 'org_id', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select
        *,
        cast(date_trunc('quarter', month_start_date) as date) as quarter_start_date
    from {{ ref('int_calendar__open_months') }}

),

scope as (

    select
        policies.policy_code,
        policies.rule_version,
        policies.action_code,
        policies.quota_cnt,
        segments.owning_org_id as org_id,
        segments.customer_id,
        months.month_start_date,
        months.quarter_start_date,
        months.through_date,
        months.is_provisional
    from {{ ref('fct_corporate_segment_monthly') }} as segments
    inner join months on segments.month_start_date = months.month_start_date
    inner join {{ ref('segment_policy_rules') }} as policies
        on
            months.month_start_date >= policies.valid_from_month
            and (policies.valid_to_month is null or months.month_start_date <= policies.valid_to_month)
            and policies.segment_code = case policies.scheme_code
                when 'size' then segments.size_band_code
                when 'lifecycle' then segments.lifecycle_code
                when 'activity' then segments.activity_code
                when 'value' then segments.value_code
                when 'potential' then segments.potential_code
            end

),

-- what is told after its quarter was over counts in that of the night that tells it: no action is lost
actions as (

    select
        visits.customer_id,
        'visit' as action_code,
        {{ counted_date('visits.visited_at', 'visits.business_date', 'history.business_date') }}
            as action_date
    from {{ by_survivor(ref('int_contact__visit')) }} as visits
    cross join {{ first_told(ref('int_contact__visit')) }} as history
    -- some are told before their day
    where
        visits.business_date
        >= (select {{ add_days('min(quarter_start_date)', '-' ~ days_told_ahead()) }} from months)
    union all
    select customer_id, 'opportunity' as action_code, since_counted_date as action_date
    from {{ ref('int_opportunity__stay') }}
    where stay_no = 1
    union all
    select
        cases.customer_id,
        'rate_review' as action_code,
        {{ counted_date('cases.opened_at', 'cases.told_date', 'history.told_date') }} as action_date
    from (
        select
            *,
            min(known_from_date) over (partition by case_id) as told_date
        from {{ by_survivor(ref('int_service__case_versions')) }}
    ) as cases
    cross join (
        select min(known_from_date) as told_date from {{ by_survivor(ref('int_service__case_versions')) }}
    ) as history
    where cases.known_to_date is null and cases.case_type_code = 'rate_review'

),

done as (

    select
        scope.policy_code,
        scope.customer_id,
        scope.month_start_date,
        count(*) as action_cnt
    from scope
    inner join actions
        on
            scope.customer_id = actions.customer_id
            and scope.action_code = actions.action_code
            and actions.action_date >= scope.quarter_start_date
            and actions.action_date <= scope.through_date
    group by scope.policy_code, scope.customer_id, scope.month_start_date

)

select
    -- ids
    scope.org_id,

    -- codes
    scope.policy_code,
    scope.action_code,
    scope.rule_version,

    -- dates
    scope.month_start_date,

    -- measures
    scope.quota_cnt,
    count(*) as customer_cnt,
    cast(sum(coalesce(done.action_cnt, 0)) as bigint) as action_cnt,
    count(case when done.action_cnt >= scope.quota_cnt then 1 end) as met_customer_cnt,
    {{ ratio('count(case when done.action_cnt >= scope.quota_cnt then 1 end)', 'count(*)') }}
        as execution_rate,

    -- flags
    scope.is_provisional

from scope
left join done
    on
        scope.policy_code = done.policy_code
        and scope.customer_id = done.customer_id
        and scope.month_start_date = done.month_start_date
group by
    scope.org_id, scope.policy_code, scope.action_code, scope.rule_version, scope.month_start_date,
    scope.quota_cnt, scope.is_provisional
