-- One row per customer with a manager, month and manager at an org: how much of the month is the manager's,
-- by days held and participation, as the bank says it tonight. What nobody held, also from the day of a
-- manager's leaving on, is a row of UNASSIGNED without an org. Shares are whole numbers of part_weight in
-- whole_weight (days × participation in hundred thousandths).

{{ config(materialized='view') }}

with held as (

    select
        assignments.customer_id,
        assignments.employee_id,
        assignments.org_id,
        months.month_start_date,
        months.elapsed_days,
        sum(
            cast(assignments.participation_share * 100000 as bigint) * (
                {{ days_between(
                    'greatest(assignments.valid_from_date, months.month_start_date)',
                    'least(coalesce(' ~ add_days('assignments.valid_to_date', -1)
                    ~ ', months.through_date), months.through_date)'
                ) }} + 1
            )
        ) as part_weight
    from {{ ref('int_ownership__assignment') }} as assignments
    inner join {{ ref('int_calendar__computed_months') }} as months
        on
            assignments.valid_from_date <= months.through_date
            and (assignments.valid_to_date is null or assignments.valid_to_date > months.month_start_date)
    where assignments.employee_id <> 'UNASSIGNED'
    group by
        assignments.customer_id,
        assignments.employee_id,
        assignments.org_id,
        months.month_start_date,
        months.elapsed_days

),

wholes as (

    -- participation of more than all is shared, of less leaves a rest
    select
        customer_id,
        month_start_date,
        sum(part_weight) as held_weight,
        greatest(sum(part_weight), max(elapsed_days) * 100000) as whole_weight
    from held
    group by customer_id, month_start_date

)

select
    held.customer_id,
    held.employee_id,
    held.org_id,
    held.month_start_date,
    cast(held.part_weight as bigint) as part_weight,
    cast(wholes.whole_weight as bigint) as whole_weight
from held
inner join wholes
    on held.customer_id = wholes.customer_id and held.month_start_date = wholes.month_start_date
union all
select
    customer_id,
    'UNASSIGNED' as employee_id,
    cast(null as varchar) as org_id,
    month_start_date,
    cast(whole_weight - held_weight as bigint) as part_weight,
    cast(whole_weight as bigint) as whole_weight
from wholes
where held_weight < whole_weight
