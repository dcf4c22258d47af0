-- One row per org, private-banking class and month with customers who left the class: how many, and why. The
-- org is the one that had them the month before.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'class_code'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

select
    -- ids
    opening_org_id as org_id,

    -- codes
    class_code,

    -- dates
    month_start_date,

    -- measures
    count(*) as left_cnt,
    count(case when exit_code = 'lost' then 1 end) as lost_cnt,
    count(case when exit_code = 'closed' then 1 end) as closed_cnt,
    count(case when exit_code = 'other_class' then 1 end) as other_class_cnt,
    count(case when exit_code = 'fallen' then 1 end) as fallen_cnt,
    cast(sum(coalesce(aum_amt, 0)) as {{ amount_type() }}) as aum_amt,
    cast(sum(previous_aum_amt) as {{ amount_type() }}) as previous_aum_amt,

    -- flags
    is_provisional

from {{ ref('int_private_bank__member_month') }}
where was_member and not is_member
group by opening_org_id, class_code, month_start_date, is_provisional
