-- One row per employee and employment as known tonight. The last that the bank said of somebody counts, also
-- for days before it was said. Who comes back under a later hiring day keeps the employment that had ended
-- before it.

{{ config(materialized='view') }}

with versions as (

    select
        employee_id,
        status_code,
        {{ told_date('hired_date') }} as hired_date,
        {{ told_date('left_date') }} as left_date,
        known_from_date,
        known_to_date,
        -- versions that say "left" one after the other belong to one leaving
        sum(case when status_code = 'left' then 0 else 1 end) over (
            partition by employee_id
            order by known_from_date nulls last
            rows between unbounded preceding and current row
        ) as spell
    from {{ ref('int_employee__versions') }}

),

neighbours as (

    select
        *,
        min(case when status_code = 'left' then known_from_date end) over (partition by employee_id, spell)
            as left_known_date,
        lead(known_from_date) over (partition by employee_id order by known_from_date nulls last) is null
            as is_last,
        lead(hired_date) over (partition by employee_id order by known_from_date nulls last)
            as next_hired_date
    from versions

),

ended as (

    select
        employee_id,
        coalesce(hired_date, cast('0001-01-01' as date)) as from_date,
        is_last,
        next_hired_date,
        least(
            case
                -- a leaving day from before the hiring is of an earlier employment
                when left_date is not null and (
                    status_code = 'left' or hired_date is null or left_date > hired_date
                )
                    then left_date
                when status_code = 'left' then left_known_date
                else cast('9999-12-31' as date)
            end,
            -- no longer on the list of staff
            case
                when is_last and known_to_date is not null then known_to_date
                else cast('9999-12-31' as date)
            end
        ) as to_date
    from neighbours

)

select
    employee_id,
    from_date,
    to_date
from ended
where (is_last or next_hired_date >= to_date) and from_date < to_date
