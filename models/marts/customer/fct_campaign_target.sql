-- One row per campaign and customer whom it chose, to be reached or to compare: whether they were reached,
-- answered and converted, and what they bought. A campaign is computed from the night on that first tells of
-- it until its window and the days for what comes late are over, and again when customers are added; then its
-- rows stand.
--
-- What counts for a conversion begins with the first contact, of a customer to compare or never reached with
-- the campaign, and ends with the window.

{{ config(meta={
    'grain': ['campaign_id', 'customer_id'], 'partition': 'month_start_date', 'changed_on': 'knowledge_date',
    'carried': 'current',
}) }}

with campaigns as (

    select
        campaigns.campaign_id,
        campaigns.start_date,
        campaigns.known_from_date,
        -- a campaign without an end (9999-12-31) has no window that ends in a year that no reader knows
        least({{ add_days('campaigns.end_date', 'rules.window_days') }}, cast('9999-12-31' as date))
            as window_end_date,
        {{ add_days('campaigns.end_date', 'rules.window_days + rules.late_days') }} as last_computed_date,
        {{ month_from_index(month_index('campaigns.start_date') ~ ' - 1') }} as pre_month_date,
        {{ month_start(
            'least(' ~ add_days('campaigns.end_date', 'rules.window_days') ~ ', ' ~ business_date() ~ ')'
        ) }} as post_month_date
    from {{ ref('int_campaign__versions') }} as campaigns
    inner join {{ ref('campaign_rules') }} as rules
        on
            campaigns.start_date >= rules.valid_from_date
            and (rules.valid_to_date is null or campaigns.start_date <= rules.valid_to_date)
    where campaigns.known_to_date is null

),

computed as (

    select *
    from campaigns
    {% if has_state() -%}
    where
        last_computed_date >= {{ business_date() }}
        or known_from_date = {{ business_date() }}
        or campaign_id in (
            select campaign_id
            from {{ by_survivor(ref('int_campaign__target')) }}
            where business_date = {{ business_date() }}
        )
        -- what nights that run again had said
        or campaign_id in (
            select campaign_id
            from {{ this }}
            where knowledge_date > {{ previous_business_date() }}
        )
    {%- endif %}

),

-- the logs are read no further back than the campaigns that are computed
bounds as (

    select {{ add_days('min(start_date)', '-' ~ days_told_ahead()) }} as first_date from computed

),

targets as (

    select
        computed.*,
        targets.told_customer_id,
        targets.customer_id,
        targets.test_group_code,
        cast(targets.selected_at as date) as selected_date
    -- a campaign keeps the numbers that it chose; what came of them is told of the customer who goes on
    from {{ by_survivor(ref('int_campaign__target'), told_as='told_customer_id') }} as targets
    inner join computed on targets.campaign_id = computed.campaign_id

),

responses as (

    select
        responses.campaign_id,
        responses.customer_id,
        cast(responses.event_at as date) as event_date,
        rules.is_reached,
        rules.is_response,
        rules.is_conversion,
        responses.amount_amt
    from {{ by_survivor(ref('int_campaign__response')) }} as responses
    inner join computed on responses.campaign_id = computed.campaign_id
    inner join {{ ref('campaign_response_rules') }} as rules
        on responses.event_type_code = rules.event_type_code
    where responses.business_date >= (select first_date from bounds)

),

contacts as (

    select contacts.campaign_id, contacts.customer_id, cast(contacts.sent_at as date) as contact_date
    from {{ by_survivor(ref('int_contact__log')) }} as contacts
    inner join computed on contacts.campaign_id = computed.campaign_id
    where contacts.business_date >= (select first_date from bounds) and contacts.is_delivered
    union all
    select campaign_id, customer_id, event_date as contact_date
    from responses
    where is_reached

),

first_contacts as (

    select campaign_id, customer_id, min(contact_date) as first_contact_date
    from contacts
    group by campaign_id, customer_id

),

births as (

    select customer_id, birth_date from {{ ref('int_customer__versions') }} where known_to_date is null

),

counted as (

    select
        targets.*,
        {{ month_start('targets.start_date') }} as start_month_date,
        {{ full_years('births.birth_date', 'targets.start_date') }} as age,
        first_contacts.first_contact_date,
        case
            when targets.test_group_code = 'target'
                then coalesce(first_contacts.first_contact_date, targets.start_date)
            else targets.start_date
        end as counted_from_date
    from targets
    left join first_contacts
        on
            targets.campaign_id = first_contacts.campaign_id
            and targets.customer_id = first_contacts.customer_id
    left join births on targets.customer_id = births.customer_id

),

answers as (

    select
        counted.campaign_id,
        counted.told_customer_id,
        max(case when responses.is_response then 1 else 0 end) as has_responded,
        min(case when responses.is_conversion then responses.event_date end) as conversion_date,
        sum(case when responses.is_conversion then responses.amount_amt end) as response_amt
    from counted
    inner join responses
        on
            counted.campaign_id = responses.campaign_id
            and counted.customer_id = responses.customer_id
            and responses.event_date >= counted.counted_from_date
            and responses.event_date <= counted.window_end_date
    group by counted.campaign_id, counted.told_customer_id

),

cancelled as (

    select distinct trade_id from {{ by_survivor(ref('int_sales__trade_entry')) }}
    where status_code = 'cancelled' and business_date >= (select first_date from bounds)

),

sales as (

    select
        counted.campaign_id,
        counted.told_customer_id,
        min(trades.trade_date) as trade_date,
        sum(trades.amount_reporting_amt) as trade_amt
    from counted
    inner join {{ ref('int_campaign__product_versions') }} as products
        on counted.campaign_id = products.campaign_id and products.known_to_date is null
    inner join {{ by_survivor(ref('int_sales__trade_entry')) }} as trades
        on
            counted.customer_id = trades.customer_id
            and products.product_code = trades.product_code
            and trades.trade_date >= counted.counted_from_date
            and trades.trade_date <= counted.window_end_date
    left join cancelled on trades.trade_id = cancelled.trade_id
    where
        trades.business_date >= (select first_date from bounds)
        and trades.status_code = 'live'
        and cancelled.trade_id is null
    group by counted.campaign_id, counted.told_customer_id

),

aum as (

    select customer_id, month_start_date, aum_end_amt
    from {{ one_for_survivors(
        by_survivor(ref('fct_customer_aum_monthly')),
        ['customer_id', 'month_start_date'],
        {'aum_end_amt': 'cast(sum(together.aum_end_amt) as ' ~ amount_type() ~ ')'},
    ) }} as aum
    where
        month_start_date in (select pre_month_date from computed)
        or month_start_date in (select post_month_date from computed)

),

-- who has no row in a month that is recorded had nothing then: not yet a customer, or not any more
aum_months as (

    select distinct month_start_date from aum

),

tiers as (

    select customer_id, month_start_date, tier_code, owning_org_id
    from {{ ref('int_tier__closed_month') }}
    where month_start_date in (select pre_month_date from computed)

)

select
    -- ids
    counted.campaign_id,
    counted.told_customer_id as customer_id,
    coalesce(tiers.owning_org_id, 'UNKNOWN') as owning_org_id,

    -- codes
    counted.test_group_code,
    coalesce(tiers.tier_code, 'none') as tier_code,
    coalesce(bands.band_code, 'unknown') as age_band_code,

    -- dates
    {{ month_start('counted.selected_date') }} as month_start_date,
    {{ business_date() }} as knowledge_date,
    counted.selected_date,
    counted.first_contact_date,
    counted.counted_from_date,
    counted.window_end_date,
    least(answers.conversion_date, sales.trade_date) as conversion_date,

    -- measures: what the trades say, or where there is none the responses
    cast(coalesce(sales.trade_amt, answers.response_amt, 0) as {{ amount_type() }}) as sold_amt,
    case when pre_months.month_start_date is not null then coalesce(pre_aum.aum_end_amt, 0) end
        as pre_aum_amt,
    cast(case
        when pre_months.month_start_date is not null and post_months.month_start_date is not null
            then coalesce(post_aum.aum_end_amt, 0) - coalesce(pre_aum.aum_end_amt, 0)
    end as {{ amount_type() }}) as aum_change_amt,

    -- flags
    counted.first_contact_date is not null as is_reached,
    coalesce(answers.has_responded, 0) = 1 as is_responded,
    answers.conversion_date is not null or sales.trade_date is not null as is_converted,
    counted.window_end_date >= {{ business_date() }} as is_provisional

from counted
left join answers
    on counted.campaign_id = answers.campaign_id and counted.told_customer_id = answers.told_customer_id
left join sales
    on counted.campaign_id = sales.campaign_id and counted.told_customer_id = sales.told_customer_id
left join tiers on counted.customer_id = tiers.customer_id and counted.pre_month_date = tiers.month_start_date
left join aum as pre_aum
    on counted.customer_id = pre_aum.customer_id and counted.pre_month_date = pre_aum.month_start_date
left join aum as post_aum
    on counted.customer_id = post_aum.customer_id and counted.post_month_date = post_aum.month_start_date
left join aum_months as pre_months on counted.pre_month_date = pre_months.month_start_date
left join aum_months as post_months on counted.post_month_date = post_months.month_start_date
left join {{ ref('segment_band_rules') }} as bands
    on
        counted.start_month_date >= bands.valid_from_month
        and (bands.valid_to_month is null or counted.start_month_date <= bands.valid_to_month)
        and {{ in_band('bands', 'age_band', 'counted.age') }}
