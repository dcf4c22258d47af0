{% test assignment_shares_add_up(model) %}
-- Fails on any customer and day on which an assignment begins or ends, of those that tonight's batch says anew, where the
-- parts of the team do not add to 1.00000. Shares only change on such days.

with assignments as (

    select assignments.*
    from {{ model }} as assignments
    inner join (
        select distinct customer_id
        from {{ ref('int_assignment__versions') }}
        where known_from_date = {{ business_date() }} or known_to_date = {{ business_date() }}
    ) as touched on assignments.customer_id = touched.customer_id

),

days as (

    select customer_id, valid_from_date as calendar_date from assignments
    union
    select customer_id, valid_to_date as calendar_date from assignments where valid_to_date is not null

)

select
    days.customer_id,
    days.calendar_date,
    sum(assignments.participation_share) as participation_share,
    count(*) as row_cnt
from days
inner join assignments
    on
        days.customer_id = assignments.customer_id
        and assignments.valid_from_date <= days.calendar_date
        and (assignments.valid_to_date is null or assignments.valid_to_date > days.calendar_date)
group by days.customer_id, days.calendar_date
having sum(assignments.participation_share) <> 1

{% endtest %}
