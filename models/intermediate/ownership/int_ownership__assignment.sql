-- One row per assignment as known tonight and stretch of it: while its manager is employed it is the
-- manager's, and from the day of leaving on its participation is UNASSIGNED, until the bank ends it or gives
-- it to somebody else.

with assignments as (

    select
        *,
        coalesce(valid_to_date, cast('9999-12-31' as date)) as end_date
    from {{ ref('int_ownership__assigned') }}

),

held as (

    select
        assignments.assignment_id,
        greatest(assignments.valid_from_date, employment.from_date) as from_date,
        least(assignments.end_date, employment.to_date) as to_date
    from assignments
    inner join {{ ref('int_employee__employment') }} as employment
        on
            assignments.employee_id = employment.employee_id
            and assignments.valid_from_date < employment.to_date
            and assignments.end_date > employment.from_date

),

neighbours as (

    select
        *,
        lag(to_date) over (partition by assignment_id order by from_date nulls last) as earlier_to_date,
        lead(from_date) over (partition by assignment_id order by from_date nulls last) is null as is_last
    from held

),

stretches as (

    select assignment_id, true as is_held, from_date, to_date from held
    union all
    -- before the manager came, or between two employments
    select
        assignments.assignment_id,
        false as is_held,
        coalesce(neighbours.earlier_to_date, assignments.valid_from_date) as from_date,
        neighbours.from_date as to_date
    from assignments
    inner join neighbours on assignments.assignment_id = neighbours.assignment_id
    union all
    -- after he left, or all of it
    select
        assignments.assignment_id,
        false as is_held,
        coalesce(neighbours.to_date, assignments.valid_from_date) as from_date,
        assignments.end_date as to_date
    from assignments
    left join neighbours on assignments.assignment_id = neighbours.assignment_id and neighbours.is_last

),

numbered as (

    select
        *,
        row_number() over (partition by assignment_id order by from_date nulls last) as stretch
    from stretches
    where from_date < to_date

)

select
    -- ids
    case
        when stretches.stretch = 1 then assignments.assignment_id
        else assignments.assignment_id || '-' || cast(stretches.from_date as varchar)
    end as assignment_id,
    assignments.customer_id,
    assignments.told_customer_id,
    case when stretches.is_held then assignments.employee_id else 'UNASSIGNED' end as employee_id,
    assignments.employee_id as assigned_employee_id,
    assignments.org_id,

    -- codes
    assignments.role_code,
    assignments.change_reason_code,
    assignments.source_code,

    -- dates
    stretches.from_date as valid_from_date,
    case when stretches.to_date < cast('9999-12-31' as date) then stretches.to_date end as valid_to_date,
    assignments.valid_from_date as assigned_date,
    assignments.valid_to_date as ended_date,
    assignments.recorded_at,
    assignments.known_from_date,

    -- measures
    assignments.participation_share

from assignments
inner join numbered as stretches on assignments.assignment_id = stretches.assignment_id
