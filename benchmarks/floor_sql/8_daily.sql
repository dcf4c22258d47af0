-- AUM at the end of each day that tonight adds, of customers with a tier. A day without a batch has the balances of
-- last night at its own rates.

insert into fct_customer_aum_daily
with tiered as (
    select customer_id, month_start_date
    from fct_customer_tier_monthly
    where tier_rank > 0 and month_start_date >= getvariable('first_month')
),
silent_rate as (
    select currency, calendar_date, mid_rate from rate
    where calendar_date >= getvariable('silent_from') and calendar_date < getvariable('business_date')
        and not getvariable('is_first')
),
closing as (
    select account_id, max(close_date) as close_date from holder
    where close_date >= getvariable('silent_from') and close_date < getvariable('business_date')
    group by all
),
silent as (
    select
        last.customer_id, silent_rate.calendar_date, sum(last.plain_base_amt) as plain_amt,
        sum((last.odd_base_amt * silent_rate.mid_rate)::decimal(38, 22)) as odd_amt
    from {last} as last
    inner join silent_rate using (currency)
    inner join tiered
        on last.customer_id = tiered.customer_id
        and tiered.month_start_date = month_start(silent_rate.calendar_date)
    left join closing on last.account_id = closing.account_id
    where last.month_start_date = month_start(getvariable('last_date'))
        and (closing.close_date is null or silent_rate.calendar_date < closing.close_date)
    group by all
)
select tiered.customer_id, getvariable('business_date'), getvariable('business_date'), aum.aum_end_amt
from tiered
inner join fct_customer_aum_monthly as aum using (customer_id, month_start_date)
where tiered.month_start_date = month_start(getvariable('business_date'))
union all
select
    tiered.customer_id, days.calendar_date, getvariable('business_date'),
    rounded(coalesce(silent.plain_amt, 0), coalesce(silent.odd_amt, 0))
from (select distinct calendar_date from silent_rate) as days
inner join tiered on tiered.month_start_date = month_start(days.calendar_date)
left join silent on tiered.customer_id = silent.customer_id and days.calendar_date = silent.calendar_date;
