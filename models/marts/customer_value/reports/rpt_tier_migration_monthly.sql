-- One row per org, month, tier before and tier now: the personal customers who went this way. The tier
-- before is `new` for a customer without a row the month before, the tier now is `closed` for one without a
-- row this month.
--
-- A customer is counted at the org of now (of the month before if closed), so that the rows of all orgs are
-- the bank's matrix. A customer whose owning org changed opened the month at another org than he ended it:
-- opening_cnt counts him there, where the row then has a customer_cnt of 0.
--
-- first_recorded_cnt: of these customers, who went this way only because a factor was not recorded the month
-- before.

{{ config(meta={
    'grain': ['month_start_date', 'org_id', 'from_tier_code', 'to_tier_code'],
    'partition': 'month_start_date', 'carried': 'open_month', 'month_by_month': true,
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

this_month as (

    select
        tier.customer_id,
        tier.owning_org_id,
        tier.tier_code,
        tier.assessment_aum_amt,
        months.month_start_date
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join months on tier.month_start_date = months.month_start_date

),

month_before as (

    select
        tier.customer_id,
        tier.owning_org_id,
        tier.tier_code,
        tier.assessment_aum_amt,
        months.month_start_date
    from {{ ref('int_tier__closed_month') }} as tier
    inner join months on tier.month_start_date = {{ month_from_index('months.month_index - 1') }}

),

first_recorded as (

    select distinct events.customer_id, events.month_start_date
    from {{ ref('fct_tier_event') }} as events
    inner join months on events.month_start_date = months.month_start_date
    where events.cause_code = 'first_recorded' and events.event_code in ('new', 'upgrade')

),

ways as (

    select
        coalesce(this_month.month_start_date, month_before.month_start_date) as month_start_date,
        month_before.owning_org_id as opening_org_id,
        coalesce(this_month.owning_org_id, month_before.owning_org_id) as org_id,
        coalesce(month_before.tier_code, 'new') as from_tier_code,
        coalesce(this_month.tier_code, 'closed') as to_tier_code,
        count(*) as customer_cnt,
        count(this_month.customer_id) as closing_cnt,
        count(first_recorded.customer_id) as first_recorded_cnt,
        coalesce(sum(this_month.assessment_aum_amt), 0) as aum_amt,
        coalesce(sum(month_before.assessment_aum_amt), 0) as opening_aum_amt
    from this_month
    full outer join month_before
        on
            this_month.customer_id = month_before.customer_id
            and this_month.month_start_date = month_before.month_start_date
    left join first_recorded
        on
            this_month.customer_id = first_recorded.customer_id
            and this_month.month_start_date = first_recorded.month_start_date
    group by 1, 2, 3, 4, 5

),

-- the part of a way at the org where it ends, and the part at the org where it began
ends as (

    select
        org_id,
        month_start_date,
        from_tier_code,
        to_tier_code,
        customer_cnt,
        cast(0 as bigint) as opening_cnt,
        closing_cnt,
        first_recorded_cnt,
        aum_amt,
        cast(0 as {{ amount_type() }}) as opening_aum_amt
    from ways
    union all
    select
        opening_org_id as org_id,
        month_start_date,
        from_tier_code,
        to_tier_code,
        cast(0 as bigint) as customer_cnt,
        customer_cnt as opening_cnt,
        cast(0 as bigint) as closing_cnt,
        cast(0 as bigint) as first_recorded_cnt,
        cast(0 as {{ amount_type() }}) as aum_amt,
        opening_aum_amt
    from ways
    where opening_org_id is not null

)

select
    -- ids
    ends.org_id,

    -- codes
    ends.from_tier_code,
    ends.to_tier_code,

    -- dates
    ends.month_start_date,

    -- measures
    cast(sum(ends.customer_cnt) as bigint) as customer_cnt,
    cast(sum(ends.opening_cnt) as bigint) as opening_cnt,
    cast(sum(ends.closing_cnt) as bigint) as closing_cnt,
    cast(sum(ends.first_recorded_cnt) as bigint) as first_recorded_cnt,
    cast(sum(ends.aum_amt) as {{ amount_type() }}) as aum_amt,
    cast(sum(ends.opening_aum_amt) as {{ amount_type() }}) as opening_aum_amt,

    -- flags
    months.is_provisional

from ends
inner join months on ends.month_start_date = months.month_start_date
group by ends.org_id, ends.from_tier_code, ends.to_tier_code, ends.month_start_date, months.is_provisional
