-- One row per employee and time: the org that the employee worked for. What the first batch says of somebody
-- also holds for the days before it, of which the bank sent nothing, and the last for whoever is no longer on
-- the list.

{{ config(materialized='view') }}

select
    employee_id,
    org_id,
    case
        when
            row_number() over (partition by employee_id order by known_from_date nulls last) = 1
            then cast('0001-01-01' as date)
        else known_from_date
    end as from_date,
    coalesce(
        lead(known_from_date) over (partition by employee_id order by known_from_date nulls last),
        cast('9999-12-31' as date)
    ) as to_date
from {{ ref('int_employee__versions') }}
