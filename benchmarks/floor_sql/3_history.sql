-- The first night only: what the bank's past months leave behind. The running month's history becomes
-- "last night's" holdings; the months before it are read one at a time.

insert into recorded_history
select
    coalesce(min(balance_month), getvariable('business_date')),
    -- card transactions count as delivered from the month of the first of them on
    case
        when exists (from sent_card where card_kind = 'credit')
            then month_start(coalesce((select min(txn_date) from sent_card_txn), getvariable('business_date')))
    end,
    getvariable('business_date')
from sent_monthly_balance_history;

insert into first_balance
select holder.customer_id, min(history.balance_month) as first_balance_month
from sent_monthly_balance_history as history
inner join holder using (account_id)
group by all;

insert into rate
with days as (
    select distinct last_day(balance_month) as calendar_date
    from sent_monthly_balance_history
    where last_day(balance_month) < getvariable('business_date')
    union
    select getvariable('business_date') - 1
),
ranked as (
    select
        fx.currency, days.calendar_date, arg_max(fx.rate_date, fx.rate_date), arg_max(fx.mid_rate, fx.rate_date)
    from days
    inner join sent_fx_rate as fx on fx.rate_date <= days.calendar_date
    where fx.currency <> getvariable('reporting_currency')
    group by all
)
select * from ranked
union all
select getvariable('reporting_currency'), calendar_date, null, 1 from days;

create or replace temp view valued_history as
select
    history.account_id, history.balance_month, history.product_code, product.asset_class, holder.customer_id,
    holder.org_id,
    holder.currency, holder.open_date,
    case when product.asset_class = 'wealth' then 'investment' else 'deposit' end as source,
    if(is_plain and product.aum_weight = 1, greatest(history.month_end_balance, 0), 0)::decimal(18, 2)
        as plain_aum_amt,
    if(
        is_plain and product.aum_weight = 1, 0,
        cast(cast(greatest(history.month_end_balance, 0) as decimal(38, 2))
            * product.aum_weight * holder.ownership_share as decimal(38, 14)) * rate.mid_rate
    )::decimal(38, 22) as odd_aum_amt,
    if(is_plain and product.aum_weight = 1, greatest(history.balance_sum, 0), 0)::decimal(18, 2)
        as plain_sum_amt,
    if(
        is_plain and product.aum_weight = 1, 0,
        cast(cast(greatest(history.balance_sum, 0) as decimal(38, 2))
            * product.aum_weight * holder.ownership_share as decimal(38, 14)) * rate.mid_rate
    )::decimal(38, 22) as odd_sum_amt
from sent_monthly_balance_history as history
inner join holder using (account_id)
inner join sent_product as product on history.product_code = product.product_code and product.is_in_aum
inner join rate
    on holder.currency = rate.currency
    and rate.calendar_date = least(last_day(history.balance_month), getvariable('business_date') - 1);

create or replace table {last} as
select
    account_id, product_code, asset_class, source, customer_id, org_id, currency, open_date,
    balance_month as month_start_date, cast(0 as decimal(18, 2)) as plain_base_amt,
    cast(0 as decimal(38, 14)) as odd_base_amt, plain_aum_amt, odd_aum_amt, plain_sum_amt, odd_sum_amt
from valued_history
where balance_month = month_start(getvariable('business_date'));
