-- One row per event and rule of tonight's transactions, on accounts and on credit cards: single large ones,
-- days and weeks that are not like those before, salaries, new counterparties. Windows end on the business
-- date.

{{ config(materialized='view', tags=['night']) }}

with rules as (

    {{ event_rules_tonight([
        'large_inflow', 'large_outflow', 'borrower_outflow', 'unusual_inflow', 'unusual_outflow',
        'frequent_outside_transfers', 'funds_moved_away', 'payroll_started', 'payroll_stopped',
        'large_card_spend', 'counterparty_new_large',
    ]) }}

),

counted as (

    select *
    from {{ ref('int_flow__tonight') }}
    where
        flow_code in ({{ counted_flows() }})
        and not is_reversal
        and txn_date >= {{ add_days(business_date(), '-' ~ oldest_txn_days()) }}

),

-- of an account with several owners, the one with the largest share is told of it
transactions as (

    select
        txn_id,
        flow_direction_code,
        txn_date,
        {{ first_by('customer_id', ['-ownership_share', 'customer_id']) }} as customer_id,
        {{ sum_of_sizes() }} as amount_amt
    from counted
    group by txn_id, flow_direction_code, txn_date

),

borrowers as (

    select customer_id, cast(sum(balance_amt) as {{ amount_type() }}) as loan_amt
    from {{ ref('int_customer__debt') }}
    where debt_code = 'loan'
    group by customer_id

),

days as (

    select * from {{ by_survivor(ref('int_event__flow_day')) }} where business_date <= {{ business_date() }}

),

moved as (

    select distinct customer_id, txn_date from counted

),

-- no more than ten trillion a day, so that squares of sums have room in 38 digits
daily as (

    select
        days.customer_id,
        days.txn_date,
        cast(
            100 * cast(
                greatest(least({{ sum_of_flows('days') }}, {{ ten_trillion() }}), -{{ ten_trillion() }})
                as {{ amount_type() }}
            ) as bigint
        ) as net_cents
    from days
    inner join (
        select distinct customer_id from moved
    ) as movers on days.customer_id = movers.customer_id
    where days.flow_code in ({{ counted_flows() }})
    group by days.customer_id, days.txn_date

),

-- from when on transactions are recorded: those that came with the first night, else that night
recorded as (

    select coalesce(min(days.txn_date), min(history.business_date)) as from_date
    from {{ ref('int_calendar__recorded_history') }} as history
    left join {{ by_survivor(ref('int_event__flow_day')) }} as days
        on history.business_date = days.business_date

),

windows as (

    select distinct window_days from rules where event_code in ('unusual_inflow', 'unusual_outflow')

),

-- of each window once, however many rules look at it
summed as (

    select
        moved.customer_id,
        moved.txn_date,
        windows.window_days,
        {{ wide('max(day.net_cents)') }} as net_cents,
        count(before.txn_date) as moved_days,
        {{ wide('coalesce(sum(' ~ wide('before.net_cents') ~ '), 0)') }} as sum_cents,
        {{ wide('coalesce(sum(' ~ wide('before.net_cents') ~ ' * before.net_cents), 0)') }} as square_cents
    from moved
    inner join daily as day on moved.customer_id = day.customer_id and moved.txn_date = day.txn_date
    cross join windows
    inner join recorded on recorded.from_date <= {{ add_days('moved.txn_date', '-windows.window_days') }}
    left join daily as before
        on
            moved.customer_id = before.customer_id
            and before.txn_date < moved.txn_date
            and before.txn_date >= {{ add_days('moved.txn_date', '-windows.window_days') }}
    group by moved.customer_id, moved.txn_date, windows.window_days

),

baselines as (

    select
        summed.*,
        rules.event_code,
        rules.rule_version,
        rules.customer_group_code,
        rules.priority,
        rules.threshold_amt,
        rules.threshold_cnt,
        rules.cool_down_days,
        rules.threshold_rate
    from summed
    inner join rules
        on
            summed.window_days = rules.window_days
            and rules.event_code in ('unusual_inflow', 'unusual_outflow')

),

unusual as (

    select *
    from baselines
    where
        moved_days >= threshold_cnt
        and (event_code = 'unusual_inflow') = (window_days * net_cents > sum_cents)
        and abs(net_cents) >= {{ cents('threshold_amt') }}
        -- further from the mean than so many standard deviations, without a division or a root
        and 100 * (window_days * net_cents - sum_cents) * (window_days * net_cents - sum_cents)
        > {{ wide('100 * threshold_rate * threshold_rate') }}
        * (window_days * square_cents - sum_cents * sum_cents)

),

outside_windows as (

    select
        days.customer_id,
        rules.event_code,
        rules.rule_version,
        rules.customer_group_code,
        sum(days.txn_cnt) as txn_cnt,
        -{{ sum_of_flows('days') }} as amount_amt
    from days
    inner join rules
        on
            rules.event_code = 'frequent_outside_transfers'
            and days.txn_date > {{ add_days(business_date(), '-rules.window_days') }}
    inner join (
        select distinct customer_id from counted where flow_code = 'outside' and flow_direction_code = 'out'
    ) as movers on days.customer_id = movers.customer_id
    where
        days.flow_code = 'outside'
        and days.flow_direction_code = 'out'
        and days.txn_date <= {{ business_date() }}
    group by days.customer_id, rules.event_code, rules.rule_version, rules.customer_group_code

),

away_windows as (

    select
        days.customer_id,
        rules.event_code,
        rules.rule_version,
        rules.customer_group_code,
        rules.window_days,
        -{{ sum_of_flows('days') }} as amount_amt
    from days
    inner join rules
        on
            rules.event_code = 'funds_moved_away'
            and days.txn_date > {{ add_days(business_date(), '-rules.window_days') }}
    inner join (
        select distinct customer_id
        from counted
        where flow_code <> 'bank_transfer' and flow_direction_code = 'out'
    ) as movers on days.customer_id = movers.customer_id
    where
        days.flow_code in ('cash', 'salary', 'outside')
        and days.flow_direction_code = 'out'
        and days.txn_date <= {{ business_date() }}
    group by
        days.customer_id,
        rules.event_code,
        rules.rule_version,
        rules.customer_group_code,
        rules.window_days

),

salaries as (

    select told.customer_id, told.txn_date, told.business_date
    from {{ by_survivor(ref('int_event__salary')) }} as told
    left join {{ by_survivor(ref('int_event__salary')) }} as taken_back
        on
            told.txn_id = taken_back.txn_id
            and told.customer_id = taken_back.customer_id
            and taken_back.is_taken_back
    where not told.is_taken_back and taken_back.txn_id is null

),

salary_months as (

    select distinct customer_id, {{ month_index('txn_date') }} as month_index from salaries

),

payroll_starts as (

    select
        paid.customer_id,
        paid.month_index,
        rules.rule_version,
        rules.customer_group_code,
        rules.threshold_cnt,
        max(paid.txn_date) as txn_date,
        count(distinct before.month_index) as month_cnt
    from (
        select customer_id, txn_date, {{ month_index('txn_date') }} as month_index
        from salaries
        where
            business_date = {{ business_date() }}
            and txn_date >= {{ add_days(business_date(), '-' ~ oldest_txn_days()) }}
    ) as paid
    inner join rules on rules.event_code = 'payroll_started'
    -- the months of the rule, and the one before them, which has none
    inner join salary_months as before
        on
            paid.customer_id = before.customer_id
            and before.month_index > paid.month_index - rules.threshold_cnt
            and before.month_index <= paid.month_index
    left join salary_months as longer
        on
            paid.customer_id = longer.customer_id
            and longer.month_index = paid.month_index - rules.threshold_cnt
    where longer.customer_id is null
    group by
        paid.customer_id, paid.month_index, rules.rule_version, rules.customer_group_code, rules.threshold_cnt

),

last_salaries as (

    select salaries.customer_id, max(salaries.txn_date) as txn_date
    from salaries
    group by salaries.customer_id

),

-- a salary that is taken back tonight was none: the one before it may have been the last, long ago
taken_back_salaries as (

    select customer_id, max(txn_date) as txn_date
    from {{ by_survivor(ref('int_event__salary')) }}
    where
        is_taken_back
        and business_date = {{ business_date() }}
        and {{ 'false' if is_first_night() else 'true' }}
    group by customer_id

),

payroll_stops as (

    select
        last_salaries.customer_id,
        last_salaries.txn_date,
        rules.rule_version,
        rules.customer_group_code,
        count(distinct salary_months.month_index) as month_cnt
    from last_salaries
    left join taken_back_salaries on last_salaries.customer_id = taken_back_salaries.customer_id
    inner join rules
        on
            rules.event_code = 'payroll_stopped'
            and last_salaries.txn_date <= {{ add_days(business_date(), '-rules.window_days') }}
            and (
                last_salaries.txn_date > {{ add_days(previous_batch_date(), '-rules.window_days') }}
                or taken_back_salaries.txn_date > last_salaries.txn_date
            )
    inner join salary_months on last_salaries.customer_id = salary_months.customer_id
    group by last_salaries.customer_id, last_salaries.txn_date, rules.rule_version, rules.customer_group_code

),

purchases as (

    select spent.txn_id, spent.txn_date, spent.amount_ccy_amt, cards.customer_id
    from {{ ref('int_card__transactions') }} as spent
    inner join {{ by_survivor(ref('int_card__versions')) }} as cards
        on spent.card_id = cards.card_id and cards.known_to_date is null and cards.card_kind_code = 'credit'
    where
        spent.business_date >= coalesce({{ previous_batch_date() }}, cast('1900-01-01' as date))
        and spent.told_date = {{ business_date() }}
        and spent.is_consumption
        and spent.reversed_txn_id is null
        and spent.txn_date >= {{ add_days(business_date(), '-' ~ oldest_txn_days()) }}

),

payments as (

    select
        paid.customer_id,
        paid.counterparty_key,
        paid.txn_date,
        sum(paid.paid_amt) as paid_amt,
        max(paid.told_date) as told_date
    from {{ payments_by_survivor() }} as paid
    where paid.txn_date >= {{ add_days(business_date(), '-' ~ oldest_txn_days()) }}
    group by paid.customer_id, paid.counterparty_key, paid.txn_date

),

-- what those from whom much went away had before it went; of customers who are one, what all had
aum_before as (

    select found.customer_id, rules.window_days, sum(aum.aum_end_amt) as aum_end_amt
    from (select distinct customer_id from away_windows) as found
    cross join (
        select distinct window_days from rules where event_code in (select event_code from away_windows)
    ) as rules
    inner join {{ by_survivor(ref('int_event__aum_versions')) }} as aum
        on
            found.customer_id = aum.customer_id
            and aum.known_from_date <= {{ add_days(business_date(), '-rules.window_days') }}
            and coalesce(aum.known_to_date, cast('9999-12-31' as date))
            > {{ add_days(business_date(), '-rules.window_days') }}
    group by found.customer_id, rules.window_days

),

tonight_payments as (

    select payments.*
    from payments
    where
        payments.told_date = {{ business_date() }}
        and {{ 'false' if is_first_night() else 'true' }}

)

select
    {{ event_found(
        'transactions.customer_id', 'transaction', 'transactions.txn_id', "''", 'transactions.txn_date',
        amount='transactions.amount_amt',
    ) }}
from transactions
inner join rules
    on
        rules.event_code
        = case transactions.flow_direction_code when 'in' then 'large_inflow' else 'large_outflow' end
        and transactions.amount_amt >= rules.threshold_amt

union all

select
    {{ event_found(
        'transactions.customer_id', 'transaction', 'transactions.txn_id', "''", 'transactions.txn_date',
        amount='transactions.amount_amt', reference='borrowers.loan_amt',
    ) }}
from transactions
inner join borrowers on transactions.customer_id = borrowers.customer_id
inner join rules
    on
        rules.event_code = 'borrower_outflow'
        and transactions.flow_direction_code = 'out'
        and transactions.amount_amt >= rules.threshold_amt

union all

select
    {{ event_found(
        'unusual.customer_id', 'customer', 'unusual.customer_id', 'cast(unusual.txn_date as varchar)',
        'unusual.txn_date', amount=cents_amount('abs(unusual.net_cents)'),
        reference=cents_amount(round_wide('unusual.sum_cents', 'unusual.window_days')),
        count='unusual.moved_days',
        rules='unusual', stage='unusual.threshold_cnt',
    ) }}
from unusual

union all

select
    {{ event_found(
        'found.customer_id', 'customer', 'found.customer_id', 'cast(' ~ business_date() ~ ' as varchar)',
        business_date(), amount='found.amount_amt', count='found.txn_cnt',
    ) }}
from outside_windows as found
inner join rules
    on
        found.event_code = rules.event_code
        and found.rule_version = rules.rule_version
        and found.customer_group_code = rules.customer_group_code
        and found.txn_cnt >= rules.threshold_cnt
        and found.amount_amt >= rules.threshold_amt

union all

select
    {{ event_found(
        'found.customer_id', 'customer', 'found.customer_id', 'cast(' ~ business_date() ~ ' as varchar)',
        business_date(), amount='found.amount_amt', reference='aum.aum_end_amt',
        reference_date=add_days(business_date(), '-rules.window_days'),
    ) }}
from away_windows as found
inner join rules
    on
        found.event_code = rules.event_code
        and found.rule_version = rules.rule_version
        and found.customer_group_code = rules.customer_group_code
        and found.amount_amt >= rules.threshold_amt
inner join aum_before as aum on found.customer_id = aum.customer_id and rules.window_days = aum.window_days
where found.amount_amt >= rules.threshold_rate * aum.aum_end_amt

union all

select
    {{ event_found(
        'payroll_starts.customer_id', 'customer', 'payroll_starts.customer_id',
        'cast(' ~ month_start('payroll_starts.txn_date') ~ ' as varchar)', 'payroll_starts.txn_date',
        count='payroll_starts.month_cnt',
    ) }}
from payroll_starts
inner join rules
    on
        rules.event_code = 'payroll_started'
        and payroll_starts.rule_version = rules.rule_version
        and payroll_starts.customer_group_code = rules.customer_group_code
        and payroll_starts.threshold_cnt = rules.threshold_cnt
        and payroll_starts.month_cnt = rules.threshold_cnt

union all

select
    {{ event_found(
        'payroll_stops.customer_id', 'customer', 'payroll_stops.customer_id',
        'cast(payroll_stops.txn_date as varchar)', add_days('payroll_stops.txn_date', 'rules.window_days'),
        reference_date='payroll_stops.txn_date', count='payroll_stops.month_cnt',
    ) }}
from payroll_stops
inner join rules
    on
        rules.event_code = 'payroll_stopped'
        and payroll_stops.rule_version = rules.rule_version
        and payroll_stops.customer_group_code = rules.customer_group_code
        and payroll_stops.month_cnt >= rules.threshold_cnt

union all

select
    {{ event_found(
        'purchases.customer_id', 'transaction', 'purchases.txn_id', "''", 'purchases.txn_date',
        amount='purchases.amount_ccy_amt',
    ) }}
from purchases
inner join rules
    on rules.event_code = 'large_card_spend' and purchases.amount_ccy_amt >= rules.threshold_amt

union all

select
    {{ event_found(
        'new_payments.customer_id', 'customer', 'new_payments.customer_id',
        "new_payments.counterparty_key || '|' || cast(new_payments.txn_date as varchar)",
        'new_payments.txn_date',
        amount='new_payments.paid_amt',
    ) }}
from tonight_payments as new_payments
inner join rules
    on rules.event_code = 'counterparty_new_large' and new_payments.paid_amt >= rules.threshold_amt
where not exists (
    select 1
    from {{ payments_by_survivor() }} as earlier
    where
        earlier.customer_id = new_payments.customer_id
        and earlier.counterparty_key = new_payments.counterparty_key
        and earlier.txn_date < new_payments.txn_date
        and earlier.txn_date >= {{ add_days('new_payments.txn_date', '-rules.window_days') }}
)
