-- One row per customer and month of int_confirmation__month whose tier is not as it was last confirmed, or
-- was never confirmed: what the next version says. Customers who are ordinary, and were never listed in the
-- month, are confirmed in the month's totals only.

with months as (

    select * from {{ ref('int_confirmation__month') }}

),

tiers as (

    select tier.*
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join months on tier.month_start_date = months.month_start_date
    -- whom no release holds is confirmed in the month's totals only
    left join {{ source('pipeline', 'erased_customer') }} as erased on tier.customer_id = erased.customer_id
    where erased.customer_id is null

),

confirmed as (

    select
        confirmed.*,
        row_number() over (
            partition by confirmed.customer_id, confirmed.month_start_date
            order by confirmed.version_number desc nulls last
        ) as recency
    from {{ source('confirmed', 'fct_customer_tier_confirmed') }} as confirmed
    inner join months on confirmed.month_start_date = months.month_start_date

),

latest as (

    select * from confirmed where recency = 1

),

listed as (

    select
        tiers.customer_id,
        tiers.owning_org_id,
        tiers.rulebook_version,
        tiers.tier_code,
        tiers.status_code,
        tiers.deciding_factor_code,
        tiers.lost_tier_code,
        tiers.month_start_date,
        tiers.assessment_aum_amt,
        tiers.below_months,
        false as is_withdrawn
    from tiers
    left join latest
        on tiers.customer_id = latest.customer_id and tiers.month_start_date = latest.month_start_date
    where tiers.tier_rank > 0 or tiers.lost_tier_code is not null or latest.customer_id is not null
    union all
    -- confirmed once, and now without a row
    select
        latest.customer_id,
        latest.owning_org_id,
        latest.rulebook_version,
        cast(null as varchar) as tier_code,
        cast(null as varchar) as status_code,
        cast(null as varchar) as deciding_factor_code,
        cast(null as varchar) as lost_tier_code,
        latest.month_start_date,
        cast(null as {{ amount_type() }}) as assessment_aum_amt,
        cast(null as integer) as below_months,
        true as is_withdrawn
    from latest
    left join tiers
        on latest.customer_id = tiers.customer_id and latest.month_start_date = tiers.month_start_date
    where tiers.customer_id is null

)

select
    listed.*,
    latest.customer_id is null as is_first_listed
from listed
left join latest
    on listed.customer_id = latest.customer_id and listed.month_start_date = latest.month_start_date
where
    latest.customer_id is null
    or listed.owning_org_id is distinct from latest.owning_org_id
    or listed.rulebook_version is distinct from latest.rulebook_version
    or listed.tier_code is distinct from latest.tier_code
    or listed.status_code is distinct from latest.status_code
    or listed.deciding_factor_code is distinct from latest.deciding_factor_code
    or listed.lost_tier_code is distinct from latest.lost_tier_code
    or listed.assessment_aum_amt is distinct from latest.assessment_aum_amt
    or listed.below_months is distinct from latest.below_months
    or listed.is_withdrawn is distinct from latest.is_withdrawn
