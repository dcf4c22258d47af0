-- One row per customer of a private-banking class and month who was in it the month before: the stock.

{{ config(meta={
    'grain': ['month_start_date', 'customer_id', 'class_code'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

select
    -- ids
    customer_id,
    org_id,
    employee_id,

    -- codes
    class_code,
    tier_code,
    status_code,
    deciding_factor_code,

    -- dates
    month_start_date,

    -- measures
    below_months,
    aum_amt,
    previous_aum_amt,
    cast(aum_amt - previous_aum_amt as {{ amount_type() }}) as aum_change_amt,
    threshold_amt,

    -- flags
    is_provisional

from {{ ref('int_private_bank__member_month') }}
where is_member and was_member
