-- One row per customer and month in which he came into a private-banking class, and how.

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
    entry_code,
    coalesce(previous_tier_code, 'none') as previous_tier_code,
    tier_code,
    deciding_factor_code,

    -- dates
    month_start_date,

    -- measures
    aum_amt,
    previous_aum_amt,
    cast(aum_amt - coalesce(previous_aum_amt, 0) as {{ amount_type() }}) as aum_change_amt,

    -- flags
    is_provisional

from {{ ref('int_private_bank__member_month') }}
where is_member and not was_member
