-- AUM by asset class and org. The sums of the quarter and the year to date are state: those up to the last month
-- that is over, and what the months in hand add. Parts are rounded one after the other, so that they add up.

create or replace temp table part as
with added as (
    select
        held.customer_id, held.org_id, held.asset_class, months.month_start_date,
        months.month_start_date = held.month_start_date as is_own,
        date_trunc('quarter', months.month_start_date) = date_trunc('quarter', held.month_start_date) as is_in_quarter,
        plain_aum_amt, odd_aum_amt, plain_sum_amt, odd_sum_amt, plain_sum_amt as quarter_plain_amt,
        odd_sum_amt as quarter_odd_amt, plain_sum_amt as year_plain_amt, odd_sum_amt as year_odd_amt
    from held
    inner join months
        on year(held.month_start_date) = year(months.month_start_date)
        and held.month_start_date <= months.month_start_date
    union all
    select
        before.customer_id, before.org_id, before.asset_class, months.month_start_date, false,
        date_trunc('quarter', months.month_start_date) = date_trunc('quarter', before.month_start_date),
        0, 0, 0, 0, quarter_plain_amt, quarter_odd_amt, year_plain_amt, year_odd_amt
    from part_to_date as before
    inner join months on year(before.month_start_date) = year(months.month_start_date)
    where before.month_start_date = getvariable('month_before')
)
select
    customer_id, org_id, asset_class, month_start_date,
    coalesce(sum(plain_aum_amt) filter (is_own), 0)::decimal(18, 2) as plain_aum_amt,
    coalesce(sum(odd_aum_amt) filter (is_own), 0)::decimal(38, 22) as odd_aum_amt,
    coalesce(sum(plain_sum_amt) filter (is_own), 0)::decimal(18, 2) as plain_sum_amt,
    coalesce(sum(odd_sum_amt) filter (is_own), 0)::decimal(38, 22) as odd_sum_amt,
    coalesce(sum(quarter_plain_amt) filter (is_in_quarter), 0)::decimal(18, 2) as quarter_plain_amt,
    coalesce(sum(quarter_odd_amt) filter (is_in_quarter), 0)::decimal(38, 22) as quarter_odd_amt,
    sum(year_plain_amt)::decimal(18, 2) as year_plain_amt, sum(year_odd_amt)::decimal(38, 22) as year_odd_amt
from added
group by all
having plain_aum_amt <> 0 or odd_aum_amt <> 0 or year_plain_amt <> 0 or year_odd_amt <> 0;

-- the month before stays for a night that runs again
delete from part_to_date where month_start_date < getvariable('month_before');
insert into part_to_date
select
    customer_id, org_id, asset_class, month_start_date, quarter_plain_amt, quarter_odd_amt, year_plain_amt,
    year_odd_amt
from part
where month_start_date = (select max(month_start_date) from months where not is_provisional);

insert into fct_customer_aum_part_monthly
with counted as (
    select customer_id, month_start_date, count(*) as part_cnt from part group by all
),
total as (
    select aum.*, counted.part_cnt
    from fct_customer_aum_monthly as aum
    inner join counted using (customer_id, month_start_date)
    where aum.month_start_date >= getvariable('first_month')
),
running as (
    select
        part.customer_id, part.org_id, part.asset_class, part.month_start_date, total.is_provisional,
        rounded(sum(part.plain_aum_amt) over up_to, sum(part.odd_aum_amt) over up_to) as end_amt,
        divide_round(sum(part.plain_sum_amt) over up_to, sum(part.odd_sum_amt) over up_to, months.elapsed_days) as avg_amt,
        divide_round(sum(part.plain_sum_amt) over up_to, sum(part.odd_sum_amt) over up_to, 30) as avg_30_amt,
        divide_round(
            sum(part.quarter_plain_amt) over up_to, sum(part.quarter_odd_amt) over up_to, months.quarter_days
        ) as quarter_amt,
        divide_round(
            sum(part.year_plain_amt) over up_to, sum(part.year_odd_amt) over up_to, months.year_days
        ) as year_amt
    from part
    inner join total using (customer_id, month_start_date)
    inner join months using (month_start_date)
    where total.part_cnt > 1
    window up_to as (
        partition by part.customer_id, part.month_start_date order by part.asset_class, part.org_id
        rows between unbounded preceding and current row
    )
),
shared as (
    select
        customer_id, org_id, asset_class, month_start_date,
        end_amt - coalesce(lag(end_amt) over in_turn, 0) as end_amt,
        avg_amt - coalesce(lag(avg_amt) over in_turn, 0) as avg_amt,
        avg_30_amt - coalesce(lag(avg_30_amt) over in_turn, 0) as avg_30_amt,
        quarter_amt - coalesce(lag(quarter_amt) over in_turn, 0) as quarter_amt,
        year_amt - coalesce(lag(year_amt) over in_turn, 0) as year_amt, is_provisional
    from running
    window in_turn as (partition by customer_id, month_start_date order by asset_class, org_id)
)
select *
from (
    select
        part.customer_id, part.org_id, part.asset_class, part.month_start_date, total.aum_end_amt as end_amt,
        total.aum_month_avg_amt as avg_amt, total.aum_month_avg_30_amt as avg_30_amt,
        total.aum_quarter_avg_amt as quarter_amt, total.aum_year_avg_amt as year_amt, total.is_provisional
    from part
    inner join total using (customer_id, month_start_date)
    where total.part_cnt = 1
    union all
    select * from shared
)
where end_amt <> 0 or avg_amt <> 0 or avg_30_amt <> 0 or quarter_amt <> 0 or year_amt <> 0;
drop table part;
