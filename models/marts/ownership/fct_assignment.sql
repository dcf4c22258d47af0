-- One row per assignment as known tonight and stretch of it (客户归属): who looks after a customer, in which
-- part, from when to when. Those of a customer do not overlap but for the team of main and assistants, whose
-- parts add to 1 on every day: from the day on which a manager leaves the bank, that part is UNASSIGNED. An
-- assignment that never came to hold has no row. Where nobody is assigned by hand, the manager of the largest
-- loan or of the card is (source_code); what was recorded by hand, and what was known before, is in
-- fct_assignment_version.

{{ config(materialized='table', meta={'grain': ['assignment_id']}) }}

select
    -- ids
    assignment_id,
    customer_id,
    employee_id,
    org_id,

    -- codes
    role_code,
    change_reason_code,
    source_code,

    -- dates
    valid_from_date,
    valid_to_date,
    recorded_at,
    known_from_date as knowledge_date,

    -- measures
    participation_share,

    -- flags
    valid_from_date <= {{ business_date() }}
    and (valid_to_date is null or valid_to_date > {{ business_date() }}) as is_current

from {{ ref('int_ownership__assignment') }}
