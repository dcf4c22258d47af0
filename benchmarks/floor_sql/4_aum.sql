-- One night by hand: tonight's extracts (views sent_*) and the state of the night before (schema main) to
-- the five published tables. No step reads more of the past than the arithmetic needs.

-- customers who came, changed or went
create or replace temp table changed_customer as
select
    sent.customer_id,
    if(sent.op = 'D', coalesce(before.customer_type, sent.customer_type), sent.customer_type) as customer_type,
    if(sent.op = 'D', coalesce(before.home_org_id, sent.home_org_id), sent.home_org_id) as home_org_id,
    if(sent.op = 'D', coalesce(before.first_open_date, sent.first_open_date), sent.first_open_date)
        as first_open_date,
    sent.op <> 'D' and sent.status = 'active' as is_active,
    case
        when sent.op <> 'D' and sent.status = 'active' then null
        when before.customer_id is null or before.is_active then getvariable('business_date')
        else before.last_active_date
    end as last_active_date,
    coalesce(
        before.first_month_date,
        least(
            coalesce(first_balance.first_balance_month, month_start(getvariable('business_date'))),
            if(
                sent.first_open_date >= recorded_history.history_start_date, month_start(sent.first_open_date),
                month_start(getvariable('business_date'))
            )
        )
    ) as first_month_date
from sent_customer as sent
cross join recorded_history
left join customer as before on sent.customer_id = before.customer_id
left join first_balance on sent.customer_id = first_balance.customer_id;
delete from customer where customer_id in (select customer_id from changed_customer);
insert into customer select * from changed_customer;

-- the months that tonight computes
create or replace temp table months as
with days as (
    select unnest(generate_series(
        case
            when getvariable('is_first') then month_start((select history_start_date from recorded_history))
            else getvariable('last_date') + 1
        end,
        getvariable('business_date'), interval 1 day
    )) as day
)
select
    m.month_start_date, last_day(m.month_start_date) as month_end_date, month_index(m.month_start_date) as month_index,
    least(last_day(m.month_start_date), getvariable('business_date')) as through_date,
    through_date - m.month_start_date + 1 as elapsed_days,
    through_date - greatest(
        cast(date_trunc('quarter', m.month_start_date) as date), month_start(history_start_date)
    ) + 1 as quarter_days,
    through_date - greatest(
        cast(date_trunc('year', m.month_start_date) as date), month_start(history_start_date)
    ) + 1 as year_days,
    m.month_start_date = month_start(getvariable('business_date')) as is_current,
    last_day(m.month_start_date) > getvariable('business_date') as is_provisional,
    rulebook.rulebook_version, rulebook.aum_basis_code, rulebook.lost_report_months, rulebook.card_spend_months
from (select distinct month_start(cast(day as date)) as month_start_date from days) as m
cross join recorded_history
inner join rulebook
    on m.month_start_date >= rulebook.valid_from_month
    and m.month_start_date <= coalesce(rulebook.valid_to_month, m.month_start_date);
set variable first_month = (select min(month_start_date) from months);
set variable first_index = (select min(month_index) from months);
set variable month_before = (select month_from_index(min(month_index) - 1) from months);

-- rates of tonight and of the days without a batch
insert into rate
with days as (
    select cast(unnest(generate_series(
        getvariable('silent_from'), getvariable('business_date'), interval 1 day
    )) as date) as calendar_date
),
known as (
    select currency, rate_date, mid_rate from sent_fx_rate where currency <> getvariable('reporting_currency')
    union
    select currency, rate_date, mid_rate from rate
    where calendar_date = getvariable('last_date') and rate_date is not null
)
select
    known.currency, days.calendar_date, arg_max(known.rate_date, known.rate_date),
    arg_max(known.mid_rate, known.rate_date)
from days
inner join known on known.rate_date <= days.calendar_date
group by all
union all
select getvariable('reporting_currency'), calendar_date, null, 1 from days;

-- Σ of rates over the days without a batch, up to each day on which an account may have closed
create or replace temp table silent_sum as
select
    last_days.currency, month_start(silent.calendar_date) as month_start_date,
    last_days.calendar_date as last_open_date, sum(cast(silent.mid_rate as decimal(38, 6))) as rate_sum,
    max(silent.mid_rate) filter (silent.calendar_date = last_day(silent.calendar_date)) as month_end_rate
from rate as last_days
inner join rate as silent
    on last_days.currency = silent.currency and last_days.calendar_date >= silent.calendar_date
where
    silent.calendar_date >= getvariable('silent_from')
    and last_days.calendar_date between getvariable('silent_from') and getvariable('business_date') - 1
group by all;

create or replace table {tonight} as
with balance as (
    select account_id, null as product_code, 'deposit' as source, balance from sent_deposit_balance
    union all
    select account_id, product_code, 'investment', market_value from sent_investment_position
),
tonight as (
    select
        balance.account_id, product.product_code, balance.source, holder.customer_id, holder.org_id,
        holder.currency, holder.open_date,
        if(holder.close_date <= getvariable('business_date'), 0, greatest(balance.balance, 0)) as open_amt,
        if(is_plain and product.aum_weight = 1, open_amt, 0)::decimal(18, 2) as plain_base_amt,
        if(
            is_plain and product.aum_weight = 1, 0,
            cast(open_amt as decimal(38, 2)) * product.aum_weight * holder.ownership_share
        )::decimal(38, 14) as odd_base_amt
    from balance
    inner join holder using (account_id)
    inner join sent_product as product
        on product.product_code = coalesce(balance.product_code, holder.product_code) and product.is_in_aum
),
holding as (
    select
        coalesce(tonight.account_id, last.account_id) as account_id,
        coalesce(tonight.product_code, last.product_code) as product_code,
        coalesce(tonight.source, last.source) as source,
        coalesce(tonight.customer_id, last.customer_id) as customer_id,
        coalesce(tonight.org_id, last.org_id) as org_id,
        coalesce(tonight.currency, last.currency) as currency,
        coalesce(tonight.open_date, last.open_date) as open_date,
        coalesce(tonight.plain_base_amt, 0)::decimal(18, 2) as plain_base_amt,
        coalesce(tonight.odd_base_amt, 0)::decimal(38, 14) as odd_base_amt,
        coalesce(last.plain_base_amt, 0)::decimal(18, 2) as last_plain_amt,
        coalesce(last.odd_base_amt, 0)::decimal(38, 14) as last_odd_amt,
        coalesce(last.plain_sum_amt, 0)::decimal(18, 2) as last_plain_sum_amt,
        coalesce(last.odd_sum_amt, 0)::decimal(38, 20) as last_odd_sum_amt
    from tonight
    full outer join
        (select * from {last} where month_start_date = month_start(getvariable('last_date'))) as last
        on tonight.account_id = last.account_id and tonight.product_code = last.product_code
        and tonight.source = last.source and tonight.customer_id = last.customer_id
),
closing as (
    select account_id, max(close_date) as close_date from holder
    where close_date >= getvariable('silent_from') and close_date < getvariable('business_date')
    group by all
)
select
    holding.account_id, holding.product_code, holding.source, holding.customer_id, holding.org_id,
    holding.currency, holding.open_date, months.month_start_date, holding.plain_base_amt, holding.odd_base_amt,
    -- the rate of what is plain is 1, and Σ of its rates is a number of days
    if(
        months.is_current, holding.plain_base_amt,
        if(silent_sum.month_end_rate is null, 0, holding.last_plain_amt)
    )::decimal(18, 2) as plain_aum_amt,
    if(
        months.is_current, holding.odd_base_amt * rate.mid_rate,
        holding.last_odd_amt * coalesce(silent_sum.month_end_rate, 0)
    )::decimal(38, 20) as odd_aum_amt,
    months.month_start_date = month_start(getvariable('last_date')) as goes_on,
    cast(
        if(goes_on, holding.last_plain_sum_amt, 0)
        + if(silent_sum.rate_sum is null, 0, holding.last_plain_amt * cast(silent_sum.rate_sum as integer))
        + if(months.is_current, holding.plain_base_amt, 0) as decimal(18, 2)
    ) as plain_sum_amt,
    cast(
        if(goes_on, holding.last_odd_sum_amt, 0) + holding.last_odd_amt * coalesce(silent_sum.rate_sum, 0)
        + if(months.is_current, holding.odd_base_amt * rate.mid_rate, 0) as decimal(38, 20)
    ) as odd_sum_amt
from holding
inner join months on months.is_current or not getvariable('is_first')
inner join rate on rate.currency = holding.currency and rate.calendar_date = getvariable('business_date')
left join closing on closing.account_id = holding.account_id
left join silent_sum
    on silent_sum.currency = holding.currency and silent_sum.month_start_date = months.month_start_date
    and silent_sum.last_open_date = coalesce(closing.close_date, getvariable('business_date')) - 1
where
    holding.plain_base_amt <> 0 or holding.odd_base_amt <> 0 or plain_aum_amt <> 0 or odd_aum_amt <> 0
    or plain_sum_amt <> 0 or odd_sum_amt <> 0;

create or replace temp table customer_month as
with total as (
    select
        customer_id, month_start_date, sum(plain_aum_amt) as plain_aum_amt, sum(odd_aum_amt) as odd_aum_amt,
        sum(plain_aum_amt) filter (source = 'deposit') as plain_deposit_amt,
        sum(odd_aum_amt) filter (source = 'deposit') as odd_deposit_amt,
        sum(plain_sum_amt) as plain_sum_amt, sum(odd_sum_amt) as odd_sum_amt,
        sum(plain_sum_amt) filter (source = 'deposit') as plain_deposit_sum_amt,
        sum(odd_sum_amt) filter (source = 'deposit') as odd_deposit_sum_amt
    from {tonight}
    group by all
    union all
    select * from past_total
)
select
    customer.customer_id, customer.customer_type, customer.home_org_id, customer.first_open_date,
    customer.first_month_date, months.*,
    months.month_start_date >= customer.first_month_date
    and (customer.is_active or months.month_start_date <= customer.last_active_date) as is_member,
    coalesce(total.plain_aum_amt, 0)::decimal(18, 2) as plain_aum_amt,
    coalesce(total.odd_aum_amt, 0)::decimal(38, 20) as odd_aum_amt,
    coalesce(total.plain_deposit_amt, 0)::decimal(18, 2) as plain_deposit_amt,
    coalesce(total.odd_deposit_amt, 0)::decimal(38, 20) as odd_deposit_amt,
    coalesce(total.plain_sum_amt, 0)::decimal(18, 2) as plain_sum_amt,
    coalesce(total.odd_sum_amt, 0)::decimal(38, 20) as odd_sum_amt,
    coalesce(total.plain_deposit_sum_amt, 0)::decimal(18, 2) as plain_deposit_sum_amt,
    coalesce(total.odd_deposit_sum_amt, 0)::decimal(38, 20) as odd_deposit_sum_amt
from customer
cross join months
left join total
    on customer.customer_id = total.customer_id and months.month_start_date = total.month_start_date
where is_member or total.customer_id is not null;

insert into closed_month
select
    customer_id, month_index, month_end_date, divide_round(plain_sum_amt, odd_sum_amt, elapsed_days),
    plain_sum_amt, odd_sum_amt
from customer_month
where not is_provisional;

-- once a month, and for customers who come back
create or replace temp table earlier_tonight as
with wanted as (
    select month.customer_id, month.month_start_date, month.month_index
    from customer_month as month
    anti join earlier_months as found
        on month.customer_id = found.customer_id and month.month_start_date = found.month_start_date
    where month.first_month_date < month.month_start_date
),
closed as (
    select closed_month.*
    from closed_month
    inner join (select customer_id, min(month_index) as first_index from wanted group by all) as first
        on closed_month.customer_id = first.customer_id and closed_month.month_index >= first.first_index - 11
    where closed_month.month_index >= (select min(month_index) - 11 from wanted)
),
combined as (
    select
        coalesce(wanted.customer_id, closed.customer_id) as customer_id,
        coalesce(wanted.month_index, closed.month_index) as month_index,
        wanted.month_start_date, closed.aum_month_avg_amt, closed.plain_sum_amt, closed.odd_sum_amt
    from wanted
    full outer join closed
        on wanted.customer_id = closed.customer_id and wanted.month_index = closed.month_index
)
select
    customer_id, month_start_date, coalesce(sum_5m_amt, 0) as sum_5m_amt, months_5m_cnt,
    coalesce(max_5m_amt, 0) as max_5m_amt, coalesce(sum_11m_amt, 0) as sum_11m_amt, months_11m_cnt,
    coalesce(max_11m_amt, 0) as max_11m_amt, coalesce(quarter_plain_amt, 0) as quarter_plain_amt,
    coalesce(quarter_odd_amt, 0) as quarter_odd_amt, coalesce(year_plain_amt, 0) as year_plain_amt,
    coalesce(year_odd_amt, 0) as year_odd_amt
from (
    select
        customer_id, month_start_date,
        sum(aum_month_avg_amt) over last_5 as sum_5m_amt, count(aum_month_avg_amt) over last_5 as months_5m_cnt,
        max(aum_month_avg_amt) over last_5 as max_5m_amt, sum(aum_month_avg_amt) over last_11 as sum_11m_amt,
        count(aum_month_avg_amt) over last_11 as months_11m_cnt,
        max(aum_month_avg_amt) over last_11 as max_11m_amt,
        sum(plain_sum_amt) over in_quarter as quarter_plain_amt,
        sum(odd_sum_amt) over in_quarter as quarter_odd_amt,
        sum(plain_sum_amt) over in_year as year_plain_amt, sum(odd_sum_amt) over in_year as year_odd_amt
    from combined
    window
        last_5 as (partition by customer_id order by month_index range between 5 preceding and 1 preceding),
        last_11 as (partition by customer_id order by month_index range between 11 preceding and 1 preceding),
        in_quarter as (
            partition by customer_id, (month_index - 1) // 3 order by month_index
            range between 2 preceding and 1 preceding
        ),
        in_year as (
            partition by customer_id, (month_index - 1) // 12 order by month_index
            range between 11 preceding and 1 preceding
        )
)
where month_start_date is not null;

insert into fct_customer_aum_monthly
select
    customer_id, month_start_date, aum_end_amt, avg_amt, divide_round(plain_sum_amt, odd_sum_amt, 30),
    divide_round(plain_sum_amt + quarter_plain_amt, odd_sum_amt + quarter_odd_amt, quarter_days),
    divide_round(plain_sum_amt + year_plain_amt, odd_sum_amt + year_odd_amt, year_days),
    divide_round(avg_amt + sum_5m_amt, 0, months_5m_cnt + 1),
    divide_round(avg_amt + sum_11m_amt, 0, months_11m_cnt + 1),
    greatest(avg_amt, max_5m_amt), greatest(avg_amt, max_11m_amt), rounded(plain_sum_amt, odd_sum_amt),
    deposit_end_amt, aum_end_amt - deposit_end_amt, deposit_avg_amt, avg_amt - deposit_avg_amt,
    months_11m_cnt + 1, months_11m_cnt = 11, is_provisional
from (
    select
        month.customer_id, month.month_start_date, month.plain_sum_amt, month.odd_sum_amt, month.quarter_days,
        month.year_days, month.is_provisional, rounded(month.plain_aum_amt, month.odd_aum_amt) as aum_end_amt,
        rounded(month.plain_deposit_amt, month.odd_deposit_amt) as deposit_end_amt,
        divide_round(month.plain_sum_amt, month.odd_sum_amt, month.elapsed_days) as avg_amt,
        divide_round(month.plain_deposit_sum_amt, month.odd_deposit_sum_amt, month.elapsed_days)
            as deposit_avg_amt,
        coalesce(earlier.sum_5m_amt, 0) as sum_5m_amt, coalesce(earlier.months_5m_cnt, 0) as months_5m_cnt,
        coalesce(earlier.max_5m_amt, 0) as max_5m_amt, coalesce(earlier.sum_11m_amt, 0) as sum_11m_amt,
        coalesce(earlier.months_11m_cnt, 0) as months_11m_cnt, coalesce(earlier.max_11m_amt, 0) as max_11m_amt,
        coalesce(earlier.quarter_plain_amt, 0) as quarter_plain_amt,
        coalesce(earlier.quarter_odd_amt, 0) as quarter_odd_amt,
        coalesce(earlier.year_plain_amt, 0) as year_plain_amt, coalesce(earlier.year_odd_amt, 0) as year_odd_amt
    from customer_month as month
    left join (
        select * from earlier_months where month_start_date >= getvariable('first_month')
        union all
        select * from earlier_tonight
    ) as earlier
        on month.customer_id = earlier.customer_id and month.month_start_date = earlier.month_start_date
);
-- the rest of the month asks for the running month only
delete from earlier_months where month_start_date < month_start(getvariable('business_date'));
insert into earlier_months
select * from earlier_tonight where month_start_date = month_start(getvariable('business_date'));
drop table earlier_tonight;
