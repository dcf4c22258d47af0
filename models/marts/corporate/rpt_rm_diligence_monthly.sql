-- One row per employee and month (客户经理尽职情况): who was looked after, visited and reached, and whether the
-- visits that large loans ask for were made.

{{ config(meta={
    'grain': ['employee_id', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select months.*, rules.rule_version, rules.loan_above_amt, rules.visit_cnt, rules.is_location_needed
    from {{ ref('int_calendar__open_months') }} as months
    left join {{ ref('visit_duty_rules') }} as rules
        on
            months.month_start_date >= rules.valid_from_month
            and (rules.valid_to_month is null or months.month_start_date <= rules.valid_to_month)

),

-- nothing of these months is told earlier
oldest as (

    select {{ add_days('min(month_start_date)', '-' ~ days_told_ahead()) }} as read_from_date from months

),

assigned as (

    select
        managers.customer_id,
        managers.employee_id,
        months.month_start_date,
        months.through_date,
        months.loan_above_amt,
        months.visit_cnt,
        months.is_location_needed
    from {{ ref('int_ownership__main_manager') }} as managers
    inner join months on managers.month_start_date = months.month_start_date
    -- nobody looks after a customer who has left the bank
    inner join {{ living(ref('int_customer__versions')) }} as customers
        on
            managers.customer_id = customers.customer_id
            and customers.known_to_date is null
            and customers.status_code <> 'closed'

),

visits as (

    select visits.*, months.month_start_date
    from (
        select
            visits.*,
            {{ counted_date('visits.visited_at', 'visits.business_date', 'history.business_date') }}
                as counted_date
        from {{ by_survivor(ref('int_contact__visit')) }} as visits
        cross join {{ first_told(ref('int_contact__visit')) }} as history
        where visits.business_date >= (select read_from_date from oldest)
    ) as visits
    inner join months
        on visits.counted_date >= months.month_start_date and visits.counted_date <= months.through_date

),

visited as (

    select
        customer_id,
        employee_id,
        month_start_date,
        count(*) as visit_cnt,
        count(case when has_location then 1 end) as located_cnt
    from visits
    group by customer_id, employee_id, month_start_date

),

loans as (

    select customer_id, month_start_date, cast(sum(balance_amt) as {{ amount_type() }}) as loan_amt
    from {{ ref('int_customer__debt_month') }}
    where business_date = {{ business_date() }} and debt_code = 'loan'
    group by customer_id, month_start_date

),

contacted as (

    select
        contacts.customer_id,
        months.month_start_date,
        count(*) as contact_cnt
    from (
        select
            contacts.customer_id,
            {{ counted_date('contacts.sent_at', 'contacts.business_date', 'history.business_date') }}
                as counted_date
        from {{ by_survivor(ref('int_contact__log')) }} as contacts
        cross join {{ first_told(ref('int_contact__log')) }} as history
        where
            contacts.is_delivered
            and contacts.channel_code <> 'sms'
            and contacts.business_date >= (select read_from_date from oldest)
    ) as contacts
    inner join months
        on contacts.counted_date >= months.month_start_date and contacts.counted_date <= months.through_date
    group by contacts.customer_id, months.month_start_date

),

-- what the feed of events told the employee of in the month, and whether the customer was reached, visited or
-- offered something within 14 days; what the next month brings of that is not waited for
reminders as (

    select
        entries.event_id,
        entries.customer_id,
        entries.employee_id,
        months.month_start_date,
        months.through_date,
        min(entries.business_date) as told_date
    from {{ by_survivor(ref('fct_event')) }} as entries
    inner join months
        on entries.business_date >= months.month_start_date and entries.business_date <= months.through_date
    where entries.employee_id is not null and entries.employee_id <> 'UNASSIGNED'
    group by
        entries.event_id,
        entries.customer_id,
        entries.employee_id,
        months.month_start_date,
        months.through_date
    -- one that came back after it was withdrawn holds
    having sum(case when entries.entry_type_code = 'event' then 1 else -1 end) > 0

),

answers as (

    select customer_id, cast(sent_at as date) as answer_date, cast(null as varchar) as source_event_id
    from {{ by_survivor(ref('int_contact__log')) }}
    -- by its own day: what is planned is told in an earlier month
    where
        is_delivered
        and business_date >= (select read_from_date from oldest)
        and cast(sent_at as date) >= (select min(month_start_date) from months)
    union all
    select customer_id, cast(visited_at as date) as answer_date, cast(null as varchar) as source_event_id
    from {{ by_survivor(ref('int_contact__visit')) }}
    where
        business_date >= (select read_from_date from oldest)
        and cast(visited_at as date) >= (select min(month_start_date) from months)
    union all
    select customer_id, opened_date as answer_date, source_event_id
    from {{ ref('fct_opportunity') }}

),

answered as (

    select
        reminders.event_id,
        reminders.employee_id,
        reminders.month_start_date,
        min({{ days_between('reminders.told_date', 'answers.answer_date') }}) as answer_days
    from reminders
    left join answers
        on
            reminders.customer_id = answers.customer_id
            and answers.answer_date >= reminders.told_date
            and answers.answer_date <= {{ add_days('reminders.told_date', 14) }}
            and answers.answer_date <= reminders.through_date
    group by reminders.event_id, reminders.employee_id, reminders.month_start_date

),

placed as (

    select
        *,
        count(*) over (partition by employee_id, month_start_date, answer_days is null) as group_cnt,
        row_number() over (
            partition by employee_id, month_start_date, answer_days is null
            order by answer_days nulls last, event_id nulls last
        ) as place
    from answered

),

by_reminder as (

    select
        employee_id,
        month_start_date,
        count(*) as reminder_cnt,
        count(answer_days) as answered_cnt,
        sum(case
            when 2 * place = group_cnt + 1 then 2 * answer_days
            when 2 * place in (group_cnt, group_cnt + 2) then answer_days
            else 0
        end) as two_medians
    from placed
    group by employee_id, month_start_date

),

by_customer as (

    select
        assigned.employee_id,
        assigned.month_start_date,
        count(*) as assigned_cnt,
        count(case when visited.visit_cnt > 0 then 1 end) as visited_cnt,
        sum(coalesce(contacted.contact_cnt, 0)) as contact_cnt,
        count(case when loans.loan_amt > assigned.loan_above_amt then 1 end) as duty_cnt,
        count(
            case
                when
                    loans.loan_amt > assigned.loan_above_amt
                    and case
                        when assigned.is_location_needed then visited.located_cnt
                        else visited.visit_cnt
                    end
                    >= assigned.visit_cnt
                    then 1
            end
        ) as duty_met_cnt
    from assigned
    left join visited
        on
            assigned.customer_id = visited.customer_id
            and assigned.employee_id = visited.employee_id
            and assigned.month_start_date = visited.month_start_date
    left join loans
        on assigned.customer_id = loans.customer_id and assigned.month_start_date = loans.month_start_date
    left join contacted
        on
            assigned.customer_id = contacted.customer_id
            and assigned.month_start_date = contacted.month_start_date
    group by assigned.employee_id, assigned.month_start_date

),

by_visit as (

    select
        employee_id,
        month_start_date,
        sum(visit_cnt) as visit_cnt,
        sum(located_cnt) as located_cnt
    from visited
    group by employee_id, month_start_date

),

by_opportunity as (

    select
        stays.owner_id as employee_id,
        months.month_start_date,
        count(case when stays.stay_no = 1 then 1 end) as opened_cnt,
        count(case when stays.is_won and stays.is_current then 1 end) as won_cnt,
        sum(case when stays.is_won and stays.is_current then stays.amount_amt else 0 end) as won_amt
    from {{ ref('int_opportunity__stay') }} as stays
    inner join months
        on
            stays.since_counted_date >= months.month_start_date
            and stays.since_counted_date <= months.through_date
    group by stays.owner_id, months.month_start_date

),

keys as (

    select employee_id, month_start_date from by_customer
    union
    select employee_id, month_start_date from by_visit
    union
    select employee_id, month_start_date from by_opportunity
    union
    select employee_id, month_start_date from by_reminder

)

select
    -- ids
    keys.employee_id,
    coalesce(staff.org_id, 'UNASSIGNED') as org_id,

    -- codes
    months.rule_version,

    -- dates
    keys.month_start_date,

    -- measures
    cast(coalesce(by_customer.assigned_cnt, 0) as bigint) as assigned_customer_cnt,
    cast(coalesce(by_customer.visited_cnt, 0) as bigint) as visited_customer_cnt,
    {{ ratio('coalesce(by_customer.visited_cnt, 0)', 'nullif(by_customer.assigned_cnt, 0)') }}
        as visited_rate,
    cast(coalesce(by_visit.visit_cnt, 0) as bigint) as visit_cnt,
    cast(coalesce(by_visit.located_cnt, 0) as bigint) as located_visit_cnt,
    cast(coalesce(by_customer.duty_cnt, 0) as bigint) as duty_customer_cnt,
    cast(coalesce(by_customer.duty_met_cnt, 0) as bigint) as duty_met_cnt,
    {{ ratio('coalesce(by_customer.duty_met_cnt, 0)', 'nullif(by_customer.duty_cnt, 0)') }} as duty_met_rate,
    cast(coalesce(by_customer.contact_cnt, 0) as bigint) as contact_cnt,
    cast(coalesce(by_reminder.reminder_cnt, 0) as bigint) as reminder_cnt,
    cast(coalesce(by_reminder.answered_cnt, 0) as bigint) as answered_cnt,
    case when by_reminder.answered_cnt > 0 then {{ divide_cents('by_reminder.two_medians', '2') }} end
        as median_answer_days,
    cast(coalesce(by_opportunity.opened_cnt, 0) as bigint) as opened_opportunity_cnt,
    cast(coalesce(by_opportunity.won_cnt, 0) as bigint) as won_opportunity_cnt,
    cast(coalesce(by_opportunity.won_amt, 0) as {{ amount_type() }}) as won_opportunity_amt,

    -- flags
    months.is_provisional

from keys
inner join months on keys.month_start_date = months.month_start_date
left join by_customer
    on keys.employee_id = by_customer.employee_id and keys.month_start_date = by_customer.month_start_date
left join by_visit
    on keys.employee_id = by_visit.employee_id and keys.month_start_date = by_visit.month_start_date
left join by_opportunity
    on
        keys.employee_id = by_opportunity.employee_id
        and keys.month_start_date = by_opportunity.month_start_date
left join by_reminder
    on keys.employee_id = by_reminder.employee_id and keys.month_start_date = by_reminder.month_start_date
left join {{ ref('int_employee__org') }} as staff
    on
        keys.employee_id = staff.employee_id
        and staff.from_date <= months.through_date
        and staff.to_date > months.through_date
