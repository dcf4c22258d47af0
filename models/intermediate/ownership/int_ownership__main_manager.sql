-- One row per customer and open month with a main relationship manager (主客户经理) on the month's last processed
-- day, as the bank says it tonight; who has left the bank is none. Should a customer have several that day,
-- the largest participation counts, then the latest begin, the latest record, and the smallest employee
-- number.

with assignments as (

    select *
    from {{ ref('int_ownership__assignment') }}
    where employee_id <> 'UNASSIGNED' and role_code = 'main'

),

ranked as (

    select
        assignments.customer_id,
        assignments.employee_id,
        assignments.org_id,
        months.month_start_date,
        row_number() over (
            partition by assignments.customer_id, months.month_start_date
            order by
                assignments.participation_share desc nulls last,
                assignments.valid_from_date desc nulls last,
                assignments.recorded_at desc nulls last,
                assignments.employee_id asc nulls last,
                assignments.assignment_id asc nulls last
        ) as preference
    from assignments
    inner join {{ ref('int_calendar__open_months') }} as months
        on
            assignments.valid_from_date <= months.through_date
            and (assignments.valid_to_date is null or assignments.valid_to_date > months.through_date)

)

select
    customer_id,
    employee_id,
    org_id,
    month_start_date
from ranked
where preference = 1
