-- AUM of the months in hand: all of tonight's, or one of the history's.

create or replace temp table months as
select * from computed_months
where month_start_date = getvariable('month_in_hand') or getvariable('month_in_hand') is null;
set variable first_month = (select min(month_start_date) from months);
set variable month_before = (select month_from_index(min(month_index) - 1) from months);

-- what is held by class: products of one class share a line in what follows
create or replace temp view held as
select
    holding.customer_id, holding.org_id, holding.asset_class, holding.source, holding.month_start_date,
    holding.plain_aum_amt, holding.odd_aum_amt, holding.plain_sum_amt, holding.odd_sum_amt
from {tonight} as holding
where holding.month_start_date in (select month_start_date from months)
{past};

create or replace temp table customer_month as
with total as (
    select
        customer_id, month_start_date, sum(plain_aum_amt) as plain_aum_amt, sum(odd_aum_amt) as odd_aum_amt,
        sum(plain_aum_amt) filter (source = 'deposit') as plain_deposit_amt,
        sum(odd_aum_amt) filter (source = 'deposit') as odd_deposit_amt,
        sum(plain_sum_amt) as plain_sum_amt, sum(odd_sum_amt) as odd_sum_amt,
        sum(plain_sum_amt) filter (source = 'deposit') as plain_deposit_sum_amt,
        sum(odd_sum_amt) filter (source = 'deposit') as odd_deposit_sum_amt
    from held
    group by all
)
select
    customer.customer_id, customer.customer_type, customer.home_org_id, customer.first_open_date,
    customer.first_month_date, months.*,
    months.month_start_date >= customer.first_month_date
    and (customer.is_active or months.month_start_date <= customer.last_active_date) as is_member,
    coalesce(customer.last_active_date <= months.month_end_date, false) as is_closed,
    coalesce(total.plain_aum_amt, 0)::decimal(18, 2) as plain_aum_amt,
    coalesce(total.odd_aum_amt, 0)::decimal(38, 22) as odd_aum_amt,
    coalesce(total.plain_deposit_amt, 0)::decimal(18, 2) as plain_deposit_amt,
    coalesce(total.odd_deposit_amt, 0)::decimal(38, 22) as odd_deposit_amt,
    coalesce(total.plain_sum_amt, 0)::decimal(18, 2) as plain_sum_amt,
    coalesce(total.odd_sum_amt, 0)::decimal(38, 22) as odd_sum_amt,
    coalesce(total.plain_deposit_sum_amt, 0)::decimal(18, 2) as plain_deposit_sum_amt,
    coalesce(total.odd_deposit_sum_amt, 0)::decimal(38, 22) as odd_deposit_sum_amt
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
    select
        wanted.customer_id, wanted.month_start_date, wanted.month_index - closed_month.month_index <= 5 as is_in_6m,
        (wanted.month_index - 1) // 3 = (closed_month.month_index - 1) // 3 as is_in_quarter,
        (wanted.month_index - 1) // 12 = (closed_month.month_index - 1) // 12 as is_in_year,
        closed_month.aum_month_avg_amt as avg_amt, closed_month.plain_sum_amt, closed_month.odd_sum_amt
    from wanted
    left join closed_month
        on wanted.customer_id = closed_month.customer_id
        and closed_month.month_index between wanted.month_index - 11 and wanted.month_index - 1
        and closed_month.month_index >= (select min(month_index) - 11 from months)
)
select
    customer_id, month_start_date, coalesce(sum(avg_amt) filter (is_in_6m), 0) as sum_5m_amt,
    count(avg_amt) filter (is_in_6m) as months_5m_cnt, coalesce(max(avg_amt) filter (is_in_6m), 0) as max_5m_amt,
    coalesce(sum(avg_amt), 0) as sum_11m_amt, count(avg_amt) as months_11m_cnt,
    coalesce(max(avg_amt), 0) as max_11m_amt,
    coalesce(sum(plain_sum_amt) filter (is_in_quarter), 0) as quarter_plain_amt,
    coalesce(sum(odd_sum_amt) filter (is_in_quarter), 0) as quarter_odd_amt,
    coalesce(sum(plain_sum_amt) filter (is_in_year), 0) as year_plain_amt,
    coalesce(sum(odd_sum_amt) filter (is_in_year), 0) as year_odd_amt
from closed
group by all;

insert into fct_customer_aum_monthly
select
    customer_id, month_start_date, aum_end_amt, avg_amt, divide_round(plain_sum_amt, odd_sum_amt, 30),
    divide_round(plain_sum_amt + quarter_plain_amt, odd_sum_amt + quarter_odd_amt, quarter_days),
    divide_round(plain_sum_amt + year_plain_amt, odd_sum_amt + year_odd_amt, year_days),
    divide_round(avg_amt + sum_5m_amt, 0, months_5m_cnt + 1),
    divide_round(avg_amt + sum_11m_amt, 0, months_11m_cnt + 1),
    greatest(avg_amt, max_5m_amt), greatest(avg_amt, max_11m_amt), rounded(plain_sum_amt, odd_sum_amt),
    deposit_end_amt, aum_end_amt - deposit_end_amt, deposit_avg_amt, avg_amt - deposit_avg_amt,
    -- the bank tells its history: no month is partial
    months_11m_cnt + 1, months_11m_cnt = 11, false, is_provisional
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
