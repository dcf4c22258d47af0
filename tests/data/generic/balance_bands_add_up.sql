{% test balance_bands_add_up(model) %}
-- Fails on any month and scheme whose bands do not hold all personal customers and all their AUM, or whose
-- shares do not add to exactly 1. Looks at the months that tonight wrote.

with customers as (

    select
        month_start_date,
        sum(customer_cnt) as customer_cnt,
        sum(aum_end_amt * customer_cnt) as aum_amt
    from {{ ref('int_report__amount_month') }}
    group by month_start_date

),

tiers as (

    select tier.month_start_date, count(*) as customer_cnt
    from {{ ref('fct_customer_tier_monthly') }} as tier
    inner join {{ ref('int_calendar__open_months') }} as months
        on tier.month_start_date = months.month_start_date
    group by tier.month_start_date

),

schemes as (

    select
        bands.month_start_date,
        bands.scheme_code,
        sum(bands.customer_cnt) as customer_cnt,
        sum(bands.aum_amt) as aum_amt,
        sum(bands.customer_share) as customer_share,
        sum(bands.aum_share) as aum_share
    from {{ model }} as bands
    inner join {{ ref('int_calendar__open_months') }} as months
        on bands.month_start_date = months.month_start_date
    group by bands.month_start_date, bands.scheme_code

)

select
    schemes.*,
    tiers.customer_cnt as all_customer_cnt,
    customers.aum_amt as all_aum_amt
from schemes
left join tiers on schemes.month_start_date = tiers.month_start_date
left join customers on schemes.month_start_date = customers.month_start_date
where
    schemes.customer_cnt <> coalesce(tiers.customer_cnt, 0)
    or schemes.aum_amt <> coalesce(customers.aum_amt, 0)
    or schemes.customer_share <> 1
    or schemes.aum_share <> 1

{% endtest %}
