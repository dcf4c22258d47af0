-- One row per personal customer, month and status, attention or lost: whom to call before the tier held is
-- lost, and who has lost a tier and not regained it within the rulebook's report months. A customer who
-- lost one tier and is at attention for the one held now has two rows. Nobody who has closed is in it.

{{ config(meta={
    'grain': ['month_start_date', 'customer_id', 'status_code'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

select
    -- ids
    customer_id,
    org_id,
    employee_id,

    -- codes
    status_code,
    tier_code,
    held_tier_code,

    -- dates
    month_start_date,
    lost_since_date,

    -- measures
    below_months,
    aum_amt,
    threshold_amt,
    missing_amt,

    -- flags
    is_first_month,
    is_provisional

from {{ ref('int_report__attention_lost') }}
where not is_closed
