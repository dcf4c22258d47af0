-- One row per channel and month (渠道分析): customers who signed for it and used it, transactions in it and the
-- share that left the counter, customers won by it and what one cost.

{{ config(meta={
    'grain': ['channel_code', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

contracted as (

    select
        contracts.channel_code,
        months.month_start_date,
        count(distinct contracts.customer_id) as contracted_cnt
    from {{ by_survivor(ref('int_channel__contract_versions')) }} as contracts
    inner join months
        on
            contracts.sign_date <= months.through_date
            and (contracts.cancel_date is null or contracts.cancel_date > months.through_date)
    where contracts.known_to_date is null
    group by contracts.channel_code, months.month_start_date

),

first_usage as (

    select min(business_date) as first_night_date from {{ by_survivor(ref('int_channel__usage')) }}

),

-- by the month of the night that brought it; what the first night with any use tells, by its own
used as (

    select
        usages.channel_code,
        case
            when usages.business_date = first_usage.first_night_date
                then {{ month_start('usages.usage_date') }}
            else {{ month_start('usages.business_date') }}
        end as month_start_date,
        count(distinct usages.customer_id) as active_cnt
    from {{ by_survivor(ref('int_channel__usage')) }} as usages
    cross join first_usage
    where
        usages.login_cnt + usages.txn_cnt > 0
        and usages.business_date >= {{ month_start(business_date()) }}
    group by 1, 2

),

activity as (

    select * from {{ ref('int_channel__month') }} where business_date = {{ business_date() }}

),

won as (

    select rules.channel_code, customers.month_start_date, count(*) as won_cnt
    from {{ ref('int_customer__won') }} as customers
    inner join {{ ref('acquisition_source_rules') }} as rules
        on customers.acquisition_source_code = rules.acquisition_source_code
    group by rules.channel_code, customers.month_start_date

),

-- a campaign that is told of after its month was over costs in the month that tells it; what the night tells
-- that first tells of any is history
told as (

    select
        campaign_id,
        told_date,
        min(told_date) over () as first_told_date
    from (
        select campaign_id, min(known_from_date) as told_date
        from {{ ref('int_campaign__versions') }}
        group by campaign_id
    ) as first_versions

),

costs as (

    select
        campaigns.channel_code,
        months.month_start_date,
        sum({{ cents('campaigns.cost_amt') }}) as cost_cents
    from {{ ref('int_campaign__versions') }} as campaigns
    inner join told on campaigns.campaign_id = told.campaign_id
    inner join months
        on
            {{ counted_date('campaigns.start_date', 'told.told_date', 'told.first_told_date') }}
            between months.month_start_date and months.through_date
    where campaigns.known_to_date is null and campaigns.channel_code is not null
    group by campaigns.channel_code, months.month_start_date

),

channels as (

    select channel_code, month_start_date from contracted
    union
    select channel_code, month_start_date from used
    union
    select channel_code, month_start_date from activity
    union
    select channel_code, month_start_date from won
    union
    select channel_code, month_start_date from costs

),

joined as (

    select
        channels.channel_code,
        months.month_start_date,
        months.is_provisional,
        coalesce(contracted.contracted_cnt, 0) as contracted_cnt,
        coalesce(used.active_cnt, 0) as active_cnt,
        coalesce(activity.login_cnt, 0) as login_cnt,
        coalesce(activity.usage_txn_cnt, 0) as usage_txn_cnt,
        greatest(coalesce(activity.account_txn_cnt, 0), 0) as txn_cnt,
        case
            when coalesce(rules.is_counter, false) then 0
            else greatest(coalesce(activity.account_txn_cnt, 0), 0)
        end as off_counter_txn_cnt,
        coalesce(won.won_cnt, 0) as won_cnt,
        coalesce(costs.cost_cents, 0) as cost_cents
    from channels
    inner join months on channels.month_start_date = months.month_start_date
    left join {{ ref('channel_rules') }} as rules on channels.channel_code = rules.channel_code
    {% for part in ['contracted', 'used', 'activity', 'won', 'costs'] -%}
    left join {{ part }}
        on
            channels.channel_code = {{ part }}.channel_code
            and channels.month_start_date = {{ part }}.month_start_date
    {% endfor %}
),

totals as (

    select
        month_start_date,
        sum(txn_cnt) as txn_cnt,
        sum(off_counter_txn_cnt) as off_counter_txn_cnt
    from joined
    group by month_start_date

)

select
    -- codes
    joined.channel_code,

    -- dates
    joined.month_start_date,

    -- measures
    cast(joined.contracted_cnt as bigint) as contracted_customer_cnt,
    cast(joined.active_cnt as bigint) as active_customer_cnt,
    {{ signed_ratio('joined.active_cnt', 'joined.contracted_cnt') }} as active_rate,
    cast(joined.login_cnt as bigint) as login_cnt,
    cast(joined.usage_txn_cnt as bigint) as usage_txn_cnt,
    cast(joined.txn_cnt as bigint) as txn_cnt,
    {{ ratio('joined.txn_cnt', 'totals.txn_cnt') }} as txn_share,
    {{ ratio('totals.off_counter_txn_cnt', 'totals.txn_cnt') }} as off_counter_share,
    cast(joined.won_cnt as bigint) as won_customer_cnt,
    {{ cents_amount('joined.cost_cents') }} as cost_amt,
    {{ cents_amount(round_units('joined.cost_cents', 'joined.won_cnt')) }} as cost_per_won_amt,

    -- flags
    joined.is_provisional

from joined
inner join totals on joined.month_start_date = totals.month_start_date
