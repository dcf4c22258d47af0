-- One row per month and tier with which the records of a customer begin: how many of the month's large
-- customers (`top_tier_rules`) began there, and how long they took (大客户第一次都是从小业务做起).

{{ config(meta={
    'grain': ['month_start_date', 'origin_tier_code'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

top_customers as (

    select
        customers.month_start_date,
        customers.origin_tier_code,
        customers.aum_end_amt,
        customers.origin_month_date,
        customers.top_month_date,
        {{ month_index('customers.top_month_date') }} - {{ month_index('customers.origin_month_date') }}
            as grown_months
    from {{ ref('int_holding__customer') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    where customers.business_date = {{ business_date() }} and customers.is_top_tier and customers.is_member

),

counted as (

    select
        month_start_date,
        origin_tier_code,
        count(*) as customer_cnt,
        sum({{ cents('aum_end_amt') }}) as aum_cents,
        sum(grown_months) as grown_months,
        sum(case when grown_months = 0 then 1 else 0 end) as at_once_cnt,
        sum(case when grown_months between 1 and 12 then 1 else 0 end) as within_12m_cnt,
        sum(case when grown_months between 13 and 36 then 1 else 0 end) as within_36m_cnt,
        sum(case when grown_months > 36 then 1 else 0 end) as later_cnt,
        min(top_month_date) as first_reached_month_date,
        max(top_month_date) as last_reached_month_date
    from top_customers
    group by month_start_date, origin_tier_code

)

select
    -- codes
    counted.origin_tier_code,

    -- dates
    counted.month_start_date,
    counted.first_reached_month_date,
    counted.last_reached_month_date,

    -- measures
    cast(counted.customer_cnt as bigint) as customer_cnt,
    {{ ratio(
        'counted.customer_cnt', 'sum(counted.customer_cnt) over (partition by counted.month_start_date)'
    ) }} as customer_share,
    {{ cents_amount('counted.aum_cents') }} as aum_amt,
    {{ ratio('counted.grown_months', 'counted.customer_cnt') }} as grown_months_avg,
    cast(counted.at_once_cnt as bigint) as at_once_cnt,
    cast(counted.within_12m_cnt as bigint) as within_12m_cnt,
    cast(counted.within_36m_cnt as bigint) as within_36m_cnt,
    cast(counted.later_cnt as bigint) as later_cnt,

    -- flags
    months.is_provisional

from counted
inner join months on counted.month_start_date = months.month_start_date
