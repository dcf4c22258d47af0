-- One row per open month and amount: how many personal customers end the month with exactly that AUM. What
-- bands and concentration need of the customers, in one pass over them.

{{ config(
    materialized='table', meta={'month_by_month': true},
) }}

with tiers as (

    select tier.customer_id, tier.month_start_date
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join {{ ref('int_calendar__open_months') }} as months
        on tier.month_start_date = months.month_start_date

),

aum as (

    select aum.customer_id, aum.month_start_date, aum.aum_end_amt
    from {{ ref('fct_customer_aum_monthly') }} as aum
    inner join {{ ref('int_calendar__open_months') }} as months
        on aum.month_start_date = months.month_start_date

)

select
    aum.month_start_date,
    aum.aum_end_amt,
    count(*) as customer_cnt
from aum
inner join tiers
    on aum.customer_id = tiers.customer_id and aum.month_start_date = tiers.month_start_date
group by aum.month_start_date, aum.aum_end_amt
