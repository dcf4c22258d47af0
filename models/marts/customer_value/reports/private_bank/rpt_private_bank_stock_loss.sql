-- One row per org, private-banking class and month: what became of the customers whom the org had in the
-- class the month before.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'class_code'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with stock as (

    select
        opening_org_id as org_id,
        class_code,
        month_start_date,
        is_provisional,
        count(*) as opening_cnt,
        count(case when is_member and status_code = 'normal' then 1 end) as normal_cnt,
        count(case when is_member and status_code = 'observe' then 1 end) as observe_cnt,
        count(case when is_member and status_code = 'attention' then 1 end) as attention_cnt,
        count(case when exit_code = 'lost' then 1 end) as lost_cnt,
        count(case when exit_code = 'closed' then 1 end) as closed_cnt,
        count(case when exit_code = 'other_class' then 1 end) as other_class_cnt,
        count(case when exit_code = 'fallen' then 1 end) as fallen_cnt,
        sum(previous_aum_amt) as opening_aum_amt,
        sum(coalesce(aum_amt, 0)) as aum_amt,
        sum(case when is_member then 0 else previous_aum_amt end) as left_opening_aum_amt
    from {{ ref('int_private_bank__member_month') }}
    where was_member
    group by opening_org_id, class_code, month_start_date, is_provisional

)

select
    -- ids
    org_id,

    -- codes
    class_code,

    -- dates
    month_start_date,

    -- measures
    opening_cnt,
    normal_cnt,
    observe_cnt,
    attention_cnt,
    lost_cnt,
    closed_cnt,
    other_class_cnt,
    fallen_cnt,
    {{ ratio('(lost_cnt + closed_cnt)', 'opening_cnt') }} as loss_rate,
    cast(opening_aum_amt as {{ amount_type() }}) as opening_aum_amt,
    cast(left_opening_aum_amt as {{ amount_type() }}) as left_opening_aum_amt,
    cast(aum_amt as {{ amount_type() }}) as aum_amt,

    -- flags
    is_provisional

from stock
