-- One row per period (month, or year so far), channel or all of them, and month that tonight computes: how
-- often customers were contacted, by the number of customers who were contacted so many times.

{{ config(materialized='table') }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

state as (

    select *
    from {{ one_for_survivors(
        by_survivor(ref('int_contact__pressure_month')),
        ['customer_id', 'channel_code', 'business_date', 'month_start_date'],
        {
            'contact_cnt': 'sum(together.contact_cnt)',
            'delivered_cnt': 'sum(together.delivered_cnt)',
            'year_contact_cnt': 'sum(together.year_contact_cnt)',
            'year_delivered_cnt': 'sum(together.year_delivered_cnt)',
        },
    ) }} as states
    where business_date = {{ business_date() }}

),

per_channel as (

    select
        customer_id,
        channel_code,
        month_start_date,
        contact_cnt,
        delivered_cnt,
        year_contact_cnt,
        year_delivered_cnt
    from state
    union all
    select
        customer_id,
        'all' as channel_code,
        month_start_date,
        sum(contact_cnt) as contact_cnt,
        sum(delivered_cnt) as delivered_cnt,
        sum(year_contact_cnt) as year_contact_cnt,
        sum(year_delivered_cnt) as year_delivered_cnt
    from state
    group by customer_id, month_start_date

),

per_customer as (

    select 'month' as period_code, channel_code, month_start_date, contact_cnt, delivered_cnt from per_channel
    union all
    select
        'year' as period_code,
        channel_code,
        month_start_date,
        year_contact_cnt as contact_cnt,
        year_delivered_cnt as delivered_cnt
    from per_channel

),

histogram as (

    select
        period_code,
        channel_code,
        month_start_date,
        contact_cnt as times_cnt,
        count(*) as customer_cnt,
        sum(delivered_cnt) as delivered_cnt
    from per_customer
    where contact_cnt > 0
    group by period_code, channel_code, month_start_date, contact_cnt

),

ranked as (

    select
        *,
        sum(customer_cnt) over (
            partition by period_code, channel_code, month_start_date order by times_cnt nulls last
        ) as up_to_cnt,
        sum(customer_cnt) over (partition by period_code, channel_code, month_start_date) as all_cnt
    from histogram

),

counted as (

    select
        period_code,
        channel_code,
        month_start_date,
        sum(times_cnt * customer_cnt) as contact_cnt,
        sum(delivered_cnt) as delivered_cnt,
        sum(customer_cnt) as customer_cnt,
        max(times_cnt) as max_cnt,
        -- the least number of contacts that so many in a hundred do not pass
        {% for percent in [50, 75, 90, 95, 99] -%}
        min(case when 100 * up_to_cnt >= {{ percent }} * all_cnt then times_cnt end) as p{{ percent }}_cnt,
        {% endfor -%}
        {% for cap in [3, 5, 10] -%}
        sum(case when times_cnt > {{ cap }} then customer_cnt else 0 end) as over_{{ cap }}_customer_cnt,
        sum(case when times_cnt > {{ cap }} then (times_cnt - {{ cap }}) * customer_cnt else 0 end)
            as dropped_{{ cap }}_cnt{{ ',' if not loop.last }}
        {% endfor %}
    from ranked
    group by period_code, channel_code, month_start_date

),

sent as (

    select
        periods.period_code,
        months.month_start_date,
        sending.channel_code,
        sending.campaign_id,
        sending.batch_id
    from {{ ref('int_contact__sending') }} as sending
    cross join (
        select 'month' as period_code
        union all
        select 'year' as period_code
    ) as periods
    inner join months
        on
            sending.month_start_date = months.month_start_date
            or (
                periods.period_code = 'year'
                and year(sending.month_start_date) = year(months.month_start_date)
                and sending.month_start_date <= months.month_start_date
            )
    where
        sending.month_start_date
        >= (select cast(date_trunc('year', min(month_start_date)) as date) from months)

),

sendings as (

    select
        period_code,
        month_start_date,
        channel_code,
        count(distinct campaign_id) as campaign_cnt,
        count(distinct batch_id) as batch_cnt
    from sent
    group by period_code, month_start_date, channel_code
    union all
    select
        period_code,
        month_start_date,
        'all' as channel_code,
        count(distinct campaign_id) as campaign_cnt,
        count(distinct batch_id) as batch_cnt
    from sent
    group by period_code, month_start_date

)

select
    counted.*,
    coalesce(sendings.campaign_cnt, 0) as campaign_cnt,
    coalesce(sendings.batch_cnt, 0) as batch_cnt,
    months.is_provisional
from counted
inner join months on counted.month_start_date = months.month_start_date
left join sendings
    on
        counted.period_code = sendings.period_code
        and counted.channel_code = sendings.channel_code
        and counted.month_start_date = sendings.month_start_date
