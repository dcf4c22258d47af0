-- One row per customer, private-banking class (seed private_bank_rules) and open month, for those who are in
-- the class this month or were the month before, and how they came or went.

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

looked_at as (

    select month_start_date as report_month_date, month_start_date, false as is_month_before from months
    union all
    select
        month_start_date as report_month_date,
        {{ month_from_index('month_index - 1') }} as month_start_date,
        true as is_month_before
    from months

),

in_class as (

    select
        tier.customer_id,
        rules.class_code,
        looked_at.report_month_date,
        max(case when looked_at.is_month_before then tier.tier_code end) as class_tier_before_code,
        max(case when not looked_at.is_month_before then tier.tier_code end) as class_tier_code
    from {{ ref('int_tier__closed_month') }} as tier
    inner join looked_at on tier.month_start_date = looked_at.month_start_date
    inner join {{ ref('private_bank_rules') }} as rules
        on tier.rulebook_version = rules.rulebook_version and tier.tier_code = rules.tier_code
    -- who closes leaves the class in that month
    where not tier.is_closed
    group by tier.customer_id, rules.class_code, looked_at.report_month_date

),

customers as (

    select distinct customer_id, report_month_date from in_class

),

now as (

    select tier.*, customers.report_month_date
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join months on tier.month_start_date = months.month_start_date
    inner join customers
        on tier.customer_id = customers.customer_id and tier.month_start_date = customers.report_month_date

),

before as (

    select tier.*, months.month_start_date as report_month_date
    from {{ ref('int_tier__closed_month') }} as tier
    inner join months on tier.month_start_date = {{ month_from_index('months.month_index - 1') }}
    inner join customers
        on tier.customer_id = customers.customer_id and months.month_start_date = customers.report_month_date

),

-- tiers of the class that were lost or regained this month
events as (

    select
        event.customer_id,
        event.month_start_date,
        rules.class_code,
        max(case when event.event_code = 'lost' then 1 else 0 end) as lost_cnt,
        max(case when event.event_code = 'regained' then 1 else 0 end) as regained_cnt
    from {{ ref('fct_tier_event') }} as event
    inner join months on event.month_start_date = months.month_start_date
    inner join {{ ref('private_bank_rules') }} as rules
        on
            event.rulebook_version = rules.rulebook_version
            and case when event.event_code = 'lost' then event.from_tier_code else event.to_tier_code end
            = rules.tier_code
    where event.event_code in ('lost', 'regained')
    group by event.customer_id, event.month_start_date, rules.class_code

),

classes_held as (

    select
        customer_id,
        report_month_date,
        count(class_tier_code) as classes_cnt,
        count(class_tier_before_code) as classes_before_cnt
    from in_class
    group by customer_id, report_month_date

)

select
    -- ids
    in_class.customer_id,
    coalesce(now.owning_org_id, before.owning_org_id) as org_id,
    before.owning_org_id as opening_org_id,
    coalesce(managers.employee_id, 'UNASSIGNED') as employee_id,

    -- codes
    in_class.class_code,
    coalesce(now.rulebook_version, before.rulebook_version) as rulebook_version,
    now.tier_code,
    before.tier_code as previous_tier_code,
    now.status_code,
    now.deciding_factor_code,
    now.held_by_factor_code,
    case
        when in_class.class_tier_code is null or in_class.class_tier_before_code is not null then null
        when months.month_start_date = {{ month_start('recorded_history.history_start_date') }}
            then 'first_recorded'
        when first_recorded.customer_id is not null and continued_classes.class_code is null
            then 'first_recorded'
        when before.customer_id is null then 'new_customer'
        when before.is_closed then 'regained'
        when events.regained_cnt = 1 then 'regained'
        when classes_held.classes_before_cnt > 0 then 'other_class'
        else 'risen'
    end as entry_code,
    case
        when in_class.class_tier_code is not null then null
        when now.customer_id is null or now.is_closed then 'closed'
        when events.lost_cnt = 1 then 'lost'
        when classes_held.classes_cnt > 0 then 'other_class'
        else 'fallen'
    end as exit_code,

    -- dates
    months.month_start_date,

    -- measures
    now.below_months,
    now.assessment_aum_amt as aum_amt,
    before.assessment_aum_amt as previous_aum_amt,
    rules.aum_from_amt as threshold_amt,

    -- flags
    in_class.class_tier_code is not null as is_member,
    in_class.class_tier_before_code is not null as was_member,
    months.is_provisional

from in_class
inner join months on in_class.report_month_date = months.month_start_date
cross join {{ ref('int_calendar__recorded_history') }} as recorded_history
left join now
    on in_class.customer_id = now.customer_id and in_class.report_month_date = now.report_month_date
left join before
    on in_class.customer_id = before.customer_id and in_class.report_month_date = before.report_month_date
left join {{ ref('int_tier__first_recorded') }} as first_recorded
    on
        in_class.customer_id = first_recorded.customer_id
        and in_class.report_month_date = first_recorded.month_start_date
left join {{ ref('private_bank_rules') }} as continued_classes
    on
        first_recorded.rulebook_version = continued_classes.rulebook_version
        and first_recorded.continued_tier_code = continued_classes.tier_code
        and in_class.class_code = continued_classes.class_code
left join events
    on
        in_class.customer_id = events.customer_id
        and in_class.class_code = events.class_code
        and in_class.report_month_date = events.month_start_date
left join classes_held
    on
        in_class.customer_id = classes_held.customer_id
        and in_class.report_month_date = classes_held.report_month_date
left join {{ ref('int_ownership__main_manager') }} as managers
    on
        in_class.customer_id = managers.customer_id
        and in_class.report_month_date = managers.month_start_date
left join {{ ref('tier_rules') }} as rules
    on
        coalesce(now.rulebook_version, before.rulebook_version) = rules.rulebook_version
        and coalesce(in_class.class_tier_code, in_class.class_tier_before_code) = rules.tier_code
