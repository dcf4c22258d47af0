-- One row per org, private-banking class and month with newly won customers: how many, and whence.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'class_code'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

select
    -- ids
    org_id,

    -- codes
    class_code,

    -- dates
    month_start_date,

    -- measures
    count(*) as new_cnt,
    count(case when entry_code = 'risen' then 1 end) as risen_cnt,
    count(case when entry_code = 'other_class' then 1 end) as other_class_cnt,
    count(case when entry_code = 'regained' then 1 end) as regained_cnt,
    count(case when entry_code = 'new_customer' then 1 end) as new_customer_cnt,
    count(case when entry_code = 'first_recorded' then 1 end) as first_recorded_cnt,
    cast(sum(aum_amt) as {{ amount_type() }}) as aum_amt,
    cast(sum(aum_amt - coalesce(previous_aum_amt, 0)) as {{ amount_type() }}) as aum_change_amt,

    -- flags
    is_provisional

from {{ ref('int_private_bank__member_month') }}
where is_member and not was_member
group by org_id, class_code, month_start_date, is_provisional
