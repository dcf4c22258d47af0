-- One row per employee who was ever delivered, as last said: name, org, post, and from when to when employed.

{{ config(materialized='table', meta={'grain': ['employee_id']}) }}

with employees as (

    select
        *,
        row_number() over (partition by employee_id order by known_from_date desc nulls last) as recency
    from {{ ref('int_employee__versions') }}

),

employments as (

    select
        employee_id,
        max(from_date) as from_date,
        max(to_date) as to_date
    from {{ ref('int_employee__employment') }}
    group by employee_id

)

select
    -- ids
    employees.employee_id,
    employees.org_id,

    -- codes and names
    employees.employee_name,
    employees.post_code,
    -- whoever is no longer on the list of staff has left, whatever the list last said
    case when employees.known_to_date is null then employees.status_code else 'left' end as status_code,

    -- dates: the last employment's
    {{ told_date('employments.from_date') }} as employed_from_date,
    {{ told_date('employments.to_date') }} as employed_to_date

from employees
left join employments on employees.employee_id = employments.employee_id
where employees.recency = 1
