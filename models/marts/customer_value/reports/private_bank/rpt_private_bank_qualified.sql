-- One row per org, private-banking class and month: how many of its customers meet the standard this month,
-- and what holds the others.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'class_code'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with members as (

    select
        org_id,
        class_code,
        month_start_date,
        is_provisional,
        count(*) as customer_cnt,
        count(case when aum_amt >= threshold_amt then 1 end) as qualified_cnt,
        count(case when aum_amt < threshold_amt and held_by_factor_code is not null then 1 end)
            as factor_cnt,
        count(case when aum_amt < threshold_amt and held_by_factor_code is null then 1 end) as window_cnt,
        sum(aum_amt) as aum_amt,
        sum(case when aum_amt >= threshold_amt then aum_amt else 0 end) as qualified_aum_amt
    from {{ ref('int_private_bank__member_month') }}
    where is_member
    group by org_id, class_code, month_start_date, is_provisional

)

select
    -- ids
    org_id,

    -- codes
    class_code,

    -- dates
    month_start_date,

    -- measures
    customer_cnt,
    qualified_cnt,
    factor_cnt,
    window_cnt,
    {{ ratio('qualified_cnt', 'customer_cnt') }} as qualified_rate,
    cast(aum_amt as {{ amount_type() }}) as aum_amt,
    cast(qualified_aum_amt as {{ amount_type() }}) as qualified_aum_amt,

    -- flags
    is_provisional

from members
