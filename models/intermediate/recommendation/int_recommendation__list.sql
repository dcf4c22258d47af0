-- One row per list (tonight's, or that with which the last month ended), customer and product line
-- recommended. Nights carry the list of the last month, so that the month that follows can tell what became
-- of it. Balances, holdings and events of everybody decide, so that every night makes everybody's list anew.

{{ config(materialized='incremental', meta={'carried': 'state'}) }}

with settings as (

    select *
    from {{ ref('recommendation_settings') }}
    where
        valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date >= {{ business_date() }})

),

agreed as (

    select consents.customer_id
    from {{ by_survivor(ref('int_contact__consent_versions')) }} as consents
    inner join settings on consents.purpose_code = settings.consent_purpose_code
    where
        consents.known_to_date is null
        and cast(consents.granted_at as date) <= {{ business_date() }}
        and (consents.withdrawn_at is null or cast(consents.withdrawn_at as date) > {{ business_date() }})

),

-- whether the bank tells of the purpose at all: where it does, nobody is called without a word
told_consents as (

    select count(*) as consent_cnt
    from {{ by_survivor(ref('int_contact__consent_versions')) }} as consents
    inner join settings on consents.purpose_code = settings.consent_purpose_code
    where consents.known_to_date is null

),

customers as (

    select
        customers.customer_id,
        versions.risk_level_code,
        -- who told no risk level is taken for the most careful
        coalesce(cast(versions.risk_level_code as integer), 1) as risk_level,
        coalesce(held.held_line_codes, ',') as held_line_codes,
        held.deposit_amt
    from {{ ref('int_holding__customer') }} as customers
    inner join {{ living(ref('int_customer__versions')) }} as versions
        on customers.customer_id = versions.customer_id and versions.known_to_date is null
    cross join told_consents
    left join {{ ref('int_customer__position') }} as held on customers.customer_id = held.customer_id
    left join agreed on customers.customer_id = agreed.customer_id
    left join {{ source('pipeline', 'erased_customer') }} as erased
        on customers.customer_id = erased.customer_id
    where
        customers.business_date = {{ business_date() }}
        and customers.month_start_date = {{ month_start(business_date()) }}
        and customers.is_member
        and customers.customer_type_code = 'P'
        and erased.customer_id is null
        and (told_consents.consent_cnt = 0 or agreed.customer_id is not null)

),

cards as (

    select distinct customer_id, card_kind_code
    from {{ by_survivor(ref('int_card__versions')) }}
    where known_to_date is null and status_code = 'valid' and expiry_date >= {{ business_date() }}

),

rules as (

    select *
    from {{ ref('recommendation_rules') }}
    where
        valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date >= {{ business_date() }})

),

-- an event that was withdrawn has as many withdrawals
events as (

    select customer_id, event_code, max(business_date) as told_date
    from (
        select
            customer_id,
            event_id,
            event_code,
            max(business_date) as business_date,
            sum(case when entry_type_code = 'event' then 1 else -1 end) as open_cnt
        from {{ by_survivor(ref('fct_event')) }} as told_events
        where
            business_date >= {{ add_days(business_date(), '-(select max(event_days) from rules)') }}
            -- a closing that is run again finds entries of the night after it
            and business_date <= {{ business_date() }}
        group by customer_id, event_id, event_code
    ) as entries
    where open_cnt > 0
    group by customer_id, event_code

),

arrears as (

    select customer_id, max(last_arrears_date) as last_arrears_date
    from {{ by_survivor(ref('int_customer__arrears')) }} as states
    where business_date = {{ business_date() }}
    group by customer_id

),

options as (

    select * from {{ ref('int_recommendation__option') }}

),

declined as (

    select distinct
        responses.customer_id,
        products.product_line_code
    from {{ by_survivor(ref('int_campaign__response')) }} as responses
    cross join settings
    left join {{ ref('int_campaign__product_versions') }} as campaign_products
        on
            {{ key_where('responses.product_code is null', 'responses.campaign_id') }}
            = campaign_products.campaign_id
            and campaign_products.known_to_date is null
    inner join {{ ref('stg_core_banking__products') }} as products
        on coalesce(responses.product_code, campaign_products.product_code) = products.product_code
    where
        responses.event_type_code = 'declined'
        and responses.business_date > {{ add_days(business_date(), '-settings.declined_days') }}
        and cast(responses.event_at as date) > {{ add_days(business_date(), '-settings.declined_days') }}

),

by_rule as (

    select
        customers.customer_id,
        options.product_line_code,
        min(options.option_number) as option_number
    from customers
    cross join rules
    inner join options on rules.rule_code = options.rule_code
    left join cards
        on customers.customer_id = cards.customer_id and rules.card_kind_code = cards.card_kind_code
    left join events on customers.customer_id = events.customer_id and rules.event_code = events.event_code
    left join arrears on customers.customer_id = arrears.customer_id
    left join {{ ref('line_risk_rules') }} as risks on options.product_line_code = risks.product_line_code
    where
        (rules.above_deposit_amt is null or customers.deposit_amt > rules.above_deposit_amt)
        and (rules.risk_level_code is null or customers.risk_level_code = rules.risk_level_code)
        and (rules.card_kind_code is null or cards.customer_id is not null)
        and (
            rules.event_code is null
            or events.told_date > {{ add_days(business_date(), '-rules.event_days') }}
        )
        and (
            rules.clean_days is null
            or arrears.last_arrears_date is null
            or arrears.last_arrears_date < {{ add_days(business_date(), '-rules.clean_days') }}
        )
        and position(',' || options.product_line_code || ',' in customers.held_line_codes) = 0
        and (risks.risk_level is null or risks.risk_level <= customers.risk_level)
    group by customers.customer_id, options.product_line_code

),

-- many hold the same lines at the same risk level: what those make similar is looked up once
profiles as (

    select distinct held_line_codes, risk_level from customers

),

by_profile as (

    select
        offered.*,
        row_number() over (
            partition by offered.held_line_codes, offered.risk_level
            order by offered.option_number nulls last
        ) as profile_rank
    from (
        select
            profiles.held_line_codes,
            profiles.risk_level,
            options.product_line_code,
            min(options.option_number) as option_number
        from profiles
        cross join options
        left join {{ ref('line_risk_rules') }} as risks
            on options.product_line_code = risks.product_line_code
        where
            position(',' || options.held_line_code || ',' in profiles.held_line_codes) > 0
            and position(',' || options.product_line_code || ',' in profiles.held_line_codes) = 0
            and (risks.risk_level is null or risks.risk_level <= profiles.risk_level)
        group by profiles.held_line_codes, profiles.risk_level, options.product_line_code
    ) as offered

),

-- lines that a profile may name but that go before it, or not at all
skipped as (

    select customer_id, count(*) as skipped_cnt
    from (
        select customer_id, product_line_code from by_rule
        union all
        select customer_id, product_line_code from declined
    ) as lines
    group by customer_id

),

-- no longer than it takes to have enough when all that is skipped is left out
by_similarity as (

    select
        customers.customer_id,
        by_profile.product_line_code,
        by_profile.option_number,
        by_profile.profile_rank,
        skipped.customer_id is not null as is_mixed
    from customers
    cross join settings
    left join skipped on customers.customer_id = skipped.customer_id
    inner join by_profile
        on
            customers.held_line_codes = by_profile.held_line_codes
            and customers.risk_level = by_profile.risk_level
            and by_profile.profile_rank <= settings.list_cnt + coalesce(skipped.skipped_cnt, 0)

),

mixed as (

    select
        candidates.customer_id,
        candidates.product_line_code,
        min(candidates.option_number) as option_number
    from (
        select customer_id, product_line_code, option_number from by_rule
        union all
        select customer_id, product_line_code, option_number from by_similarity where is_mixed
    ) as candidates
    left join declined
        on
            candidates.customer_id = declined.customer_id
            and candidates.product_line_code = declined.product_line_code
    where declined.customer_id is null
    group by candidates.customer_id, candidates.product_line_code

),

ranked as (

    select customer_id, product_line_code, option_number, profile_rank as rank_number
    from by_similarity
    where not is_mixed
    union all
    select
        customer_id,
        product_line_code,
        option_number,
        row_number() over (partition by customer_id order by option_number nulls last) as rank_number
    from mixed

),

chosen as (

    select ranked.*
    from ranked
    inner join settings on ranked.rank_number <= settings.list_cnt

),

-- what of a rule was met: few lists are by rules
reasons as (

    select
        chosen.customer_id,
        chosen.option_number,
        substr(
            case
                when rules.above_deposit_amt is not null
                    then '; deposit_amt ' || cast(customers.deposit_amt as varchar) || ' > '
                    || cast(rules.above_deposit_amt as varchar)
                else ''
            end
            || case
                when rules.risk_level_code is not null then '; risk_level_code ' || rules.risk_level_code
                else ''
            end
            || case
                when rules.card_kind_code is not null then '; card_kind_code ' || rules.card_kind_code
                else ''
            end
            || case
                when rules.event_code is not null
                    then '; event_code ' || rules.event_code || ' ' || cast(events.told_date as varchar)
                else ''
            end
            || case
                when rules.clean_days is not null
                    then '; no arrears in ' || cast(rules.clean_days as varchar) || ' days'
                else ''
            end,
            3
        ) as rule_met
    from chosen
    inner join options on chosen.option_number = options.option_number
    inner join rules on options.rule_code = rules.rule_code
    inner join customers on chosen.customer_id = customers.customer_id
    left join events on chosen.customer_id = events.customer_id and rules.event_code = events.event_code

),

lists as (

    select
        'tonight' as list_code,
        chosen.customer_id,
        chosen.product_line_code,
        chosen.rank_number,
        options.source_code,
        options.rule_code,
        options.score,
        coalesce(options.similar_to, reasons.rule_met) as reason
    from chosen
    inner join options on chosen.option_number = options.option_number
    left join reasons
        on chosen.customer_id = reasons.customer_id and chosen.option_number = reasons.option_number

    {% if has_state() %}
    union all

    select
        'month_before' as list_code,
        customer_id,
        product_line_code,
        rank_number,
        source_code,
        rule_code,
        score,
        reason
    from (
        {{ state_of_last_night(customers=[]) }}
    ) as last_night
    where list_code = case
        when month_start_date = {{ month_start(business_date()) }} then 'month_before' else 'tonight'
    end
    {% endif %}

)

select
    -- ids
    customer_id,

    -- codes
    list_code,
    product_line_code,
    source_code,
    rule_code,

    -- dates
    {{ business_date() }} as business_date,
    {{ month_start(business_date()) }} as month_start_date,

    -- measures
    cast(rank_number as integer) as rank_number,
    cast(score as {{ share_type() }}) as score,
    reason

from lists
