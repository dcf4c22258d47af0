-- One night by hand: tonight's extracts (views sent_*) and the state of the night before (schema main) to
-- the published tables. No step reads more of the past than the arithmetic needs.

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
create or replace temp table computed_months as
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
    last_days.calendar_date as last_open_date, sum(cast(silent.mid_rate as decimal(38, 8))) as rate_sum,
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
        balance.account_id, product.product_code, product.asset_class, balance.source, holder.customer_id,
        holder.org_id,
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
-- a day counts for the org and the class of the day: what has moved begins anew there
holding as (
    select
        coalesce(tonight.account_id, last.account_id) as account_id,
        coalesce(tonight.product_code, last.product_code) as product_code,
        coalesce(tonight.asset_class, last.asset_class) as asset_class,
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
        coalesce(last.odd_sum_amt, 0)::decimal(38, 22) as last_odd_sum_amt
    from tonight
    full outer join
        (select * from {last} where month_start_date = month_start(getvariable('last_date'))) as last
        on tonight.account_id = last.account_id and tonight.product_code = last.product_code
        and tonight.source = last.source and tonight.customer_id = last.customer_id
        and tonight.org_id = last.org_id and tonight.asset_class = last.asset_class
),
closing as (
    select account_id, max(close_date) as close_date from holder
    where close_date >= getvariable('silent_from') and close_date < getvariable('business_date')
    group by all
)
select
    holding.account_id, holding.product_code, holding.asset_class, holding.source, holding.customer_id,
    holding.org_id, holding.currency, holding.open_date, months.month_start_date, holding.plain_base_amt, holding.odd_base_amt,
    -- the rate of what is plain is 1, and Σ of its rates is a number of days
    if(
        months.is_current, holding.plain_base_amt,
        if(silent_sum.month_end_rate is null, 0, holding.last_plain_amt)
    )::decimal(18, 2) as plain_aum_amt,
    if(
        months.is_current, holding.odd_base_amt * rate.mid_rate,
        holding.last_odd_amt * coalesce(silent_sum.month_end_rate, 0)
    )::decimal(38, 22) as odd_aum_amt,
    months.month_start_date = month_start(getvariable('last_date')) as goes_on,
    cast(
        if(goes_on, holding.last_plain_sum_amt, 0)
        + if(silent_sum.rate_sum is null, 0, holding.last_plain_amt * cast(silent_sum.rate_sum as integer))
        + if(months.is_current, holding.plain_base_amt, 0) as decimal(18, 2)
    ) as plain_sum_amt,
    cast(
        if(goes_on, holding.last_odd_sum_amt, 0) + holding.last_odd_amt * coalesce(silent_sum.rate_sum, 0)
        + if(months.is_current, holding.odd_base_amt * rate.mid_rate, 0) as decimal(38, 22)
    ) as odd_sum_amt
from holding
inner join computed_months as months on months.is_current or not getvariable('is_first')
inner join rate on rate.currency = holding.currency and rate.calendar_date = getvariable('business_date')
left join closing on closing.account_id = holding.account_id
left join silent_sum
    on silent_sum.currency = holding.currency and silent_sum.month_start_date = months.month_start_date
    and silent_sum.last_open_date = coalesce(closing.close_date, getvariable('business_date')) - 1
where
    holding.plain_base_amt <> 0 or holding.odd_base_amt <> 0 or plain_aum_amt <> 0 or odd_aum_amt <> 0
    or plain_sum_amt <> 0 or odd_sum_amt <> 0;

-- what is owed and spent, and the org that owns the customer
create or replace temp table owning_org as
with loans as (
    select loan.customer_id, arg_min(loan.org_id, row(-b.balance * rate.mid_rate, loan.start_date, loan.org_id)) as org_id
    from sent_loan_balance as b
    inner join loan using (loan_id)
    inner join rate on loan.currency = rate.currency and rate.calendar_date = getvariable('business_date')
    where b.balance > 0
    group by all
),
cards as (
    select card.customer_id, arg_min(card.org_id, row(-b.balance, card.issue_date, card.org_id)) as org_id
    from sent_card_balance as b
    inner join card using (card_id)
    where card.card_kind = 'credit' and b.balance > 0
    group by all
),
deposits as (
    select customer_id, arg_min(org_id, row(-plain_aum_amt - odd_aum_amt, open_date, org_id)) as org_id
    from {tonight}
    where source = 'deposit' and (plain_aum_amt > 0 or odd_aum_amt > 0) and month_start_date = month_start(getvariable('business_date'))
    group by all
)
select customer_id, coalesce(loans.org_id, cards.org_id, deposits.org_id) as org_id
from deposits
full outer join cards using (customer_id)
full outer join loans using (customer_id);

insert into card_txn
select txn_id, card_id, txn_date, amount, is_consumption, reversed_txn_id, getvariable('business_date')
from sent_card_txn as sent
anti join card_txn as earlier using (txn_id);

insert into card_spend
with entry as (
    select card_id, txn_date, txn_date as booked_date, amount from card_txn
    where business_date = getvariable('business_date') and is_consumption and reversed_txn_id is null
    union all
    select purchase.card_id, purchase.txn_date, reversal.txn_date, -abs(reversal.amount)
    from card_txn as reversal
    inner join card_txn as purchase on reversal.reversed_txn_id = purchase.txn_id and purchase.is_consumption
    -- of the two the one that comes last
    where greatest(reversal.business_date, purchase.business_date) = getvariable('business_date')
)
select
    card.customer_id, month_start(entry.txn_date), month_start(entry.booked_date), sum(entry.amount),
    getvariable('business_date')
from entry
inner join card on entry.card_id = card.card_id and card.card_kind = 'credit'
group by all;

insert into borrowing
with last as (
    select * from borrowing where month_start_date = month_start(getvariable('last_date'))
)
select last.customer_id, months.month_start_date, last.mortgage_balance_amt, last.credit_loan_balance_amt, last.has_diamond_card
from last
cross join computed_months as months
where not months.is_current and not getvariable('is_first');
delete from borrowing where month_start_date = month_start(getvariable('business_date'));
insert into borrowing
-- tonight's month; on the first night those of the history, too: its loans, and cards from their issue on
with owed as (
    select loan_id, month_start(getvariable('business_date')) as month_start_date,
        getvariable('business_date') as rate_day, balance
    from sent_loan_balance
    union all
    select loan_id, balance_month, last_day(balance_month), month_end_balance
    from sent_monthly_loan_history
    where balance_month < month_start(getvariable('business_date'))
),
loans as (
    select
        loan.customer_id, owed.month_start_date,
        sum(owed.balance * rate.mid_rate) filter (factor.factor_code = 'mortgage') as mortgage_amt,
        sum(owed.balance * rate.mid_rate) filter (factor.factor_code = 'credit_loan') as credit_amt
    from owed
    inner join loan using (loan_id)
    inner join loan_factor as factor on loan.loan_class = factor.loan_class_code
    inner join rate on loan.currency = rate.currency and rate.calendar_date = owed.rate_day
    group by all
),
cards as (
    select distinct card.customer_id, months.month_start_date
    from card
    inner join card_factor as factor
        on card.card_kind = factor.card_kind_code and card.card_grade = factor.card_grade_code
    inner join computed_months as months
        on card.issue_date <= months.through_date and card.expiry_date >= months.through_date
        and (months.is_current or getvariable('is_first'))
    where card.status = 'valid'
)
select
    coalesce(loans.customer_id, cards.customer_id), coalesce(loans.month_start_date, cards.month_start_date),
    coalesce(loans.mortgage_amt, 0), coalesce(loans.credit_amt, 0), cards.customer_id is not null
from loans
full outer join cards
    on loans.customer_id = cards.customer_id and loans.month_start_date = cards.month_start_date;
