-- One row per month that is over and version of its confirmation: totals of all personal customers, and how
-- many are listed by name in fct_customer_tier_confirmed. Rows are only ever added.

{{ config(meta={
    'grain': ['month_start_date', 'version_number'], 'partition': 'month_start_date', 'carried': 'released',
    'entered_on': 'confirmed_date',
}) }}

with months as (

    select * from {{ ref('int_confirmation__month') }}

),

confirmed as (

    select confirmed.*
    from {{ source('confirmed', 'fct_month_confirmed') }} as confirmed
    inner join months on confirmed.month_start_date = months.month_start_date

),

totals as (

    select
        tier.month_start_date,
        count(*) as customer_cnt,
        cast(sum(tier.assessment_aum_amt) as {{ amount_type() }}) as aum_amt,
        count(case when tier.tier_rank > 0 then 1 end) as tiered_customer_cnt
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join months on tier.month_start_date = months.month_start_date
    group by tier.month_start_date

),

changes as (

    select month_start_date, count(*) as changed_customer_cnt
    from {{ ref('int_confirmation__customer') }}
    group by month_start_date

),

added as (

    select
        months.month_start_date,
        cast(months.version_number + 1 as integer) as version_number,
        months.confirmed_date,
        months.caused_by_business_date,
        months.caused_by_sequence,
        coalesce(totals.customer_cnt, 0) as customer_cnt,
        coalesce(totals.tiered_customer_cnt, 0) as tiered_customer_cnt,
        coalesce(changes.changed_customer_cnt, 0) as changed_customer_cnt,
        coalesce(totals.aum_amt, 0) as aum_amt
    from months
    left join totals on months.month_start_date = totals.month_start_date
    left join changes on months.month_start_date = changes.month_start_date
    left join confirmed as latest
        on
            months.month_start_date = latest.month_start_date
            and months.version_number = latest.version_number
    where
        latest.month_start_date is null
        or changes.changed_customer_cnt > 0
        or latest.customer_cnt <> coalesce(totals.customer_cnt, 0)
        or latest.aum_amt <> coalesce(totals.aum_amt, 0)

)

select
    -- codes
    version_number,

    -- dates
    month_start_date,
    confirmed_date,
    caused_by_business_date,
    caused_by_sequence,

    -- measures
    customer_cnt,
    tiered_customer_cnt,
    changed_customer_cnt,
    aum_amt

from added
