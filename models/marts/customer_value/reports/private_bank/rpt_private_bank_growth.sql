-- One row per org and month: the growth private-banking customers, what gives them the tier, where they
-- came from and went, and how far they are from private banking proper.

{{ config(meta={
    'grain': ['month_start_date', 'org_id'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with members as (

    select * from {{ ref('int_private_bank__member_month') }} where class_code = 'growth_private'

),

private_lines as (

    select rules.rulebook_version, min(tiers.aum_from_amt) as private_from_amt
    from {{ ref('private_bank_rules') }} as rules
    inner join {{ ref('tier_rules') }} as tiers
        on rules.rulebook_version = tiers.rulebook_version and rules.tier_code = tiers.tier_code
    where rules.class_code = 'private'
    group by rules.rulebook_version

),

at_the_end as (

    select
        members.org_id,
        members.month_start_date,
        members.is_provisional,
        count(*) as customer_cnt,
        count(case when members.deciding_factor_code = 'aum' then 1 end) as by_aum_cnt,
        count(case when members.deciding_factor_code <> 'aum' then 1 end) as by_other_factor_cnt,
        count(case when members.status_code = 'attention' then 1 end) as attention_cnt,
        count(members.entry_code) as new_cnt,
        count(case when members.entry_code = 'first_recorded' then 1 end) as first_recorded_cnt,
        cast(0 as bigint) as to_private_cnt,
        cast(0 as bigint) as left_cnt,
        sum(members.aum_amt) as aum_amt,
        sum(greatest(private_lines.private_from_amt - members.aum_amt, 0)) as missing_to_private_amt
    from members
    left join private_lines on members.rulebook_version = private_lines.rulebook_version
    where members.is_member
    group by members.org_id, members.month_start_date, members.is_provisional

),

gone as (

    select
        members.opening_org_id as org_id,
        members.month_start_date,
        members.is_provisional,
        cast(0 as bigint) as customer_cnt,
        cast(0 as bigint) as by_aum_cnt,
        cast(0 as bigint) as by_other_factor_cnt,
        cast(0 as bigint) as attention_cnt,
        cast(0 as bigint) as new_cnt,
        cast(0 as bigint) as first_recorded_cnt,
        count(case when risen.customer_id is not null then 1 end) as to_private_cnt,
        count(case when risen.customer_id is null then 1 end) as left_cnt,
        cast(0 as {{ amount_type() }}) as aum_amt,
        cast(0 as {{ amount_type() }}) as missing_to_private_amt
    from members
    left join {{ ref('int_private_bank__member_month') }} as risen
        on
            members.customer_id = risen.customer_id
            and members.month_start_date = risen.month_start_date
            and risen.class_code = 'private'
            and risen.is_member
    where members.was_member and not members.is_member
    group by members.opening_org_id, members.month_start_date, members.is_provisional

),

both_sides as (

    select * from at_the_end
    union all
    select * from gone

)

select
    -- ids
    org_id,

    -- dates
    month_start_date,

    -- measures
    cast(sum(customer_cnt) as bigint) as customer_cnt,
    cast(sum(by_aum_cnt) as bigint) as by_aum_cnt,
    cast(sum(by_other_factor_cnt) as bigint) as by_other_factor_cnt,
    cast(sum(attention_cnt) as bigint) as attention_cnt,
    cast(sum(new_cnt) as bigint) as new_cnt,
    cast(sum(first_recorded_cnt) as bigint) as first_recorded_cnt,
    cast(sum(to_private_cnt) as bigint) as to_private_cnt,
    cast(sum(left_cnt) as bigint) as left_cnt,
    cast(sum(aum_amt) as {{ amount_type() }}) as aum_amt,
    cast(sum(missing_to_private_amt) as {{ amount_type() }}) as missing_to_private_amt,

    -- flags
    is_provisional

from both_sides
group by org_id, month_start_date, is_provisional
