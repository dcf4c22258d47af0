-- One row per channel and month that tonight computes: transactions of accounts in the channel, and what
-- customers did in it. Nights carry it. What a night tells counts in its month, what the first night with any
-- of it tells in its own. A transaction that was reversed is taken off the channel in which it was made, of a
-- month that is over not any more.

{{ config(materialized='incremental', meta={'carried': 'state'}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

first_nights as (

    select
        (select min(business_date) from {{ ref('int_calendar__recorded_history') }}) as txn_date,
        (select min(business_date) from {{ ref('int_channel__usage') }}) as usage_date

),

-- what counts in a month that tonight computes and has been brought so far in it
made as (

    select
        transactions.txn_id,
        transactions.channel_code,
        transactions.business_date,
        case
            when transactions.business_date = first_nights.txn_date
                then {{ month_start('transactions.txn_date') }}
            else {{ month_start('transactions.business_date') }}
        end as month_start_date
    from {{ ref('int_account__transaction') }} as transactions
    cross join first_nights
    where
        transactions.business_date >= {{ month_start(business_date()) }}
        and not transactions.is_reversal
        and transactions.channel_code is not null

),

-- reversals of tonight, and those that came before what they reverse
reversals as (

    select reversed_txn_id, max(business_date) as business_date
    from {{ ref('int_account__transaction') }}
    where is_reversal and business_date >= {{ oldest_event_night() }}
    group by reversed_txn_id

),

tonight as (

    select
        channel_code,
        month_start_date,
        count(*) as account_txn_cnt,
        0 as login_cnt,
        0 as usage_txn_cnt
    from made
    where business_date = {{ business_date() }}
    group by channel_code, month_start_date
    union all
    select
        made.channel_code,
        made.month_start_date,
        -count(*) as account_txn_cnt,
        0 as login_cnt,
        0 as usage_txn_cnt
    from made
    inner join reversals on made.txn_id = reversals.reversed_txn_id
    where greatest(made.business_date, reversals.business_date) = {{ business_date() }}
    group by made.channel_code, made.month_start_date
    union all
    select
        usages.channel_code,
        case
            when first_nights.usage_date = {{ business_date() }} then {{ month_start('usages.usage_date') }}
            else {{ month_start(business_date()) }}
        end as month_start_date,
        0 as account_txn_cnt,
        sum(usages.login_cnt) as login_cnt,
        sum(usages.txn_cnt) as usage_txn_cnt
    from {{ ref('int_channel__usage') }} as usages
    cross join first_nights
    where usages.business_date = {{ business_date() }}
    group by 1, 2

    {% if has_state() %}
    union all

    select channel_code, month_start_date, account_txn_cnt, login_cnt, usage_txn_cnt
    from (
        {{ state_of_last_night(customers=[]) }}
    ) as last_night
    where month_start_date = {{ month_start(business_date()) }}
    {% endif %}

)

select
    -- codes
    tonight.channel_code,

    -- dates
    {{ business_date() }} as business_date,
    tonight.month_start_date,

    -- measures
    cast(sum(tonight.account_txn_cnt) as bigint) as account_txn_cnt,
    cast(sum(tonight.login_cnt) as bigint) as login_cnt,
    cast(sum(tonight.usage_txn_cnt) as bigint) as usage_txn_cnt

from tonight
inner join months on tonight.month_start_date = months.month_start_date
group by tonight.channel_code, tonight.month_start_date
