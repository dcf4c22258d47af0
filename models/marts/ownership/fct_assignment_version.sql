-- One row per assignment and version (客户归属版本): what was recorded of who looks after a customer, and until
-- when that record stood. With both clocks any question has an answer: what was true on a day, as known on
-- another.

{{ config(materialized='table', meta={'grain': ['assignment_id', 'known_from_date']}) }}

select
    -- ids
    assignment_id,
    customer_id,
    employee_id,
    org_id,

    -- codes
    role_code,
    change_reason_code,

    -- dates
    valid_from_date,
    valid_to_date,
    recorded_at,
    coalesce(
        lead(recorded_at) over (partition by assignment_id order by known_from_date nulls last),
        cast(known_to_date as timestamp)
    ) as superseded_at,
    known_from_date,
    known_to_date,

    -- measures
    participation_share

from {{ ref('int_assignment__versions') }}
