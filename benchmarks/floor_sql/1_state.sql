-- What the floor keeps between nights, and its arithmetic. Amounts are never negative here.

create or replace temp macro month_start(day) as cast(date_trunc('month', day) as date);
create or replace temp macro month_index(day) as year(day) * 12 + month(day);
create or replace temp macro month_from_index(number) as
    make_date(cast((number - 1) // 12 as integer), cast((number - 1) % 12 + 1 as integer), 1);
-- Nearly every balance is in the reporting currency, of one owner and of weight 1: its amounts are whole cents
-- ("plain") and fit 64 bits. What rates, shares and weights make of the others is "odd": up to 22 decimals,
-- 128 bits, and as slow to divide. Plain and odd are summed apart and meet in the last step.
create or replace temp macro rounded(plain, odd) as
    cast(case when odd = 0 then plain else plain + cast(odd as decimal(18, 2)) end as decimal(18, 2));
-- a quotient in doubles is right unless it lies next to half a cent; exact products decide that
create or replace temp macro nearly_half(cents) as abs(cents - floor(cents) - 0.5) <= 1e-9 + cents * 1e-15;
create or replace temp macro as_double(plain, odd) as cast(plain as double) + cast(odd as double);
create or replace temp macro exact_divide(amount, guess, days) as
    guess + case
        when amount * 2 >= (2 * guess + 0.01) * cast(days as decimal(38, 0)) then 0.01
        when amount * 2 < (2 * guess - 0.01) * cast(days as decimal(38, 0)) then -0.01
        else 0.00
    end;
create or replace temp macro divide_round(plain, odd, days) as cast(
    case
        when nearly_half(as_double(plain, odd) * 100 / days) then exact_divide(
            cast(plain as decimal(38, 22)) + odd, cast(as_double(plain, odd) / days as decimal(38, 2)), days
        )
        else cast(round(as_double(plain, odd) * 100 / days) / 100 as decimal(18, 2))
    end as decimal(18, 2)
);

create table if not exists night (business_date date primary key, sequence integer);
-- one row
create table if not exists recorded_history (
    history_start_date date, card_spend_start_date date, first_night_date date
);
-- what the records of a month tell of each factor of a tier
create table if not exists recorded_factor (
    month_start_date date, factor_code varchar, is_recorded boolean, is_judged boolean
);
create table if not exists customer (
    customer_id varchar, customer_type varchar, home_org_id varchar, first_open_date date, is_active boolean,
    last_active_date date, first_month_date date
);
create table if not exists account (
    account_id varchar, customer_id varchar, product_code varchar, org_id varchar, currency varchar,
    open_date date, close_date date, status varchar
);
create table if not exists account_owner (
    account_id varchar, customer_id varchar, ownership_share decimal(9, 6)
);
create table if not exists loan (
    loan_id varchar, customer_id varchar, loan_class varchar, org_id varchar, currency varchar, start_date date
);
create table if not exists card (
    card_id varchar, customer_id varchar, card_kind varchar, card_grade varchar, org_id varchar,
    issue_date date, expiry_date date, status varchar
);
create table if not exists card_txn (
    txn_id varchar, card_id varchar, txn_date date, amount decimal(18, 2), is_consumption boolean,
    reversed_txn_id varchar, business_date date
);
create table if not exists card_spend (
    customer_id varchar, month_start_date date, booked_month_date date, spend_amt decimal(18, 2),
    business_date date
);
create table if not exists rate (
    currency varchar, calendar_date date, rate_date date, mid_rate decimal(18, 8)
);
create table if not exists closed_month (
    customer_id varchar, month_index bigint, month_end_date date, aum_month_avg_amt decimal(18, 2),
    plain_sum_amt decimal(18, 2), odd_sum_amt decimal(38, 22)
);
create table if not exists earlier_months (
    customer_id varchar, month_start_date date, sum_5m_amt decimal(18, 2), months_5m_cnt integer,
    max_5m_amt decimal(18, 2), sum_11m_amt decimal(18, 2), months_11m_cnt integer, max_11m_amt decimal(18, 2),
    quarter_plain_amt decimal(18, 2), quarter_odd_amt decimal(38, 22), year_plain_amt decimal(18, 2),
    year_odd_amt decimal(38, 22)
);
create table if not exists part_to_date (
    customer_id varchar, org_id varchar, asset_class varchar, month_start_date date,
    quarter_plain_amt decimal(18, 2), quarter_odd_amt decimal(38, 22), year_plain_amt decimal(18, 2),
    year_odd_amt decimal(38, 22)
);
create table if not exists borrowing (
    customer_id varchar, month_start_date date, mortgage_balance_amt decimal(18, 2),
    credit_loan_balance_amt decimal(18, 2), has_diamond_card boolean
);

-- filled on the first night only
create or replace temp table first_balance (customer_id varchar, first_balance_month date);

-- the newest months; the others are in the Parquet files
create table if not exists fct_customer_aum_monthly (
    customer_id varchar, month_start_date date, aum_end_amt decimal(18, 2), aum_month_avg_amt decimal(18, 2),
    aum_month_avg_30_amt decimal(18, 2), aum_quarter_avg_amt decimal(18, 2), aum_year_avg_amt decimal(18, 2),
    aum_avg_6m_amt decimal(18, 2), aum_avg_12m_amt decimal(18, 2), aum_max_6m_amt decimal(18, 2),
    aum_max_12m_amt decimal(18, 2), balance_sum_amt decimal(18, 2), deposit_end_amt decimal(18, 2),
    investment_end_amt decimal(18, 2), deposit_month_avg_amt decimal(18, 2),
    investment_month_avg_amt decimal(18, 2), months_12m_cnt integer, is_full_12m_window boolean,
    is_partial_month boolean, is_provisional boolean
);
create table if not exists fct_customer_aum_part_monthly (
    customer_id varchar, org_id varchar, asset_class_code varchar, month_start_date date,
    aum_end_amt decimal(18, 2), aum_month_avg_amt decimal(18, 2), aum_month_avg_30_amt decimal(18, 2),
    aum_quarter_avg_amt decimal(18, 2), aum_year_avg_amt decimal(18, 2), is_provisional boolean
);
create table if not exists fct_customer_aum_daily (
    customer_id varchar, calendar_date date, business_date date, aum_end_amt decimal(18, 2)
);
create table if not exists fct_customer_tier_status_monthly (
    customer_id varchar, tier_code varchar, tier_rank integer, status_code varchar, held_by_factor_code varchar,
    rulebook_version varchar, month_start_date date, lost_since_date date, below_months integer,
    is_lost_event boolean, is_provisional boolean
);
create table if not exists fct_customer_tier_monthly (
    customer_id varchar, owning_org_id varchar, rulebook_version varchar, tier_code varchar, tier_rank integer,
    status_code varchar, deciding_factor_code varchar, held_by_factor_code varchar, lost_tier_code varchar,
    month_start_date date, first_tiered_month_date date, assessment_aum_amt decimal(18, 2), below_months integer,
    card_spend_12m_amt decimal(18, 2), mortgage_balance_amt decimal(18, 2),
    credit_loan_balance_amt decimal(18, 2), has_diamond_card boolean, is_history_complete boolean,
    is_closed boolean, is_provisional boolean
);
create table if not exists fct_tier_event (
    customer_id varchar, event_code varchar, from_tier_code varchar, to_tier_code varchar,
    deciding_factor_code varchar, cause_code varchar, rulebook_version varchar, month_start_date date,
    assessment_aum_amt decimal(18, 2), previous_assessment_aum_amt decimal(18, 2), is_provisional boolean
);
create table if not exists fct_tier_reason (
    customer_id varchar, rulebook_version varchar, tier_code varchar, tier_rank integer,
    deciding_factor_code varchar, next_tier_code varchar, month_start_date date, last_reached_month_date date,
    attention_month_date date, loss_month_date date,
    factor_amt decimal(18, 2), threshold_amt decimal(18, 2), window_months integer, below_months integer,
    next_tier_missing_amt decimal(18, 2), months_to_attention integer, months_to_loss integer,
    is_partial_month boolean, is_provisional boolean
);
