-- One row per employee of whom tonight's batch says otherwise when they were employed, and the first day that
-- it may matter for.

{{ config(materialized='view', tags=['night']) }}

select
    coalesce(new_version.employee_id, old_version.employee_id) as employee_id,
    case
        when new_version.employee_id is null then {{ business_date() }}
        -- back on the list of staff, or from among those who left
        when old_version.employee_id is null or old_version.status_code = 'left'
            then cast('0001-01-01' as date)
        else least(
            {{ business_date() }},
            case
                when new_version.hired_date is distinct from old_version.hired_date
                    then least(
                        coalesce(new_version.hired_date, cast('0001-01-01' as date)),
                        coalesce(old_version.hired_date, cast('0001-01-01' as date))
                    )
                else {{ business_date() }}
            end,
            case
                when new_version.left_date is distinct from old_version.left_date
                    then least(
                        coalesce(new_version.left_date, {{ business_date() }}),
                        coalesce(old_version.left_date, {{ business_date() }})
                    )
                else {{ business_date() }}
            end
        )
    end as changed_from_date
from (
    select * from {{ ref('int_employee__versions') }} where known_from_date = {{ business_date() }}
) as new_version
full outer join (
    select * from {{ ref('int_employee__versions') }} where known_to_date = {{ business_date() }}
) as old_version on new_version.employee_id = old_version.employee_id
-- a new member of staff was nobody's before
left join (
    select distinct employee_id
    from {{ ref('int_employee__versions') }}
    where known_from_date < {{ business_date() }}
) as known on new_version.employee_id = known.employee_id
where
    (new_version.employee_id is null or known.employee_id is not null)
    and (
        new_version.employee_id is null
        or old_version.employee_id is null
        or new_version.status_code is distinct from old_version.status_code
        or new_version.hired_date is distinct from old_version.hired_date
        or new_version.left_date is distinct from old_version.left_date
    )
