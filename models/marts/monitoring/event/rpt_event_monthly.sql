-- One row per org, event and month in which it was told: how many, and what came of them (事件月报). A contact, a
-- visit or an opportunity of the customer within 14 days answers an event, as does an opportunity that names
-- it. A night computes the running month, the one before and those that the last night had to wait for, whose
-- answers may still come; of older months those rows of which an opportunity changed tonight, as it may be
-- won long after. Events withdrawn are not counted.

{{ config(meta={
    'grain': ['org_id', 'event_code', 'month_start_date'], 'partition': 'month_start_date',
    'changed_on': 'knowledge_date', 'carried': 'current',
}) }}

{%- set answer_days = 14 %}
{%- set first_month = month_start('least('
    ~ add_days(month_start(business_date()), -1) ~ ', coalesce('
    ~ add_days(previous_batch_date(), -answer_days) ~ ', ' ~ business_date() ~ '))') %}

with changed_opportunities as (

    select
        changes.customer_id,
        min(cast(changes.changed_at as date)) as opened_date,
        max(changes.source_event_id) as source_event_id
    from {{ by_survivor(ref('int_opportunity__change')) }} as changes
    inner join (
        select distinct opportunity_id
        from {{ ref('int_opportunity__change') }}
        where business_date = {{ business_date() }}
    ) as tonight on changes.opportunity_id = tonight.opportunity_id
    group by changes.opportunity_id, changes.customer_id

),

older_keys as (

    select distinct
        events.owning_org_id as org_id,
        events.event_code,
        {{ month_start('events.business_date') }} as month_start_date
    from {{ by_survivor(ref('fct_event')) }} as events
    inner join changed_opportunities as opportunities on events.customer_id = opportunities.customer_id
    where
        events.entry_type_code = 'event'
        and events.business_date >= {{ add_days(business_date(), '-' ~ oldest_event_days()) }}
        and events.business_date < {{ first_month }}
        and (
            opportunities.opened_date between events.business_date
            and {{ add_days('events.business_date', answer_days) }}
            or opportunities.source_event_id = events.event_id
        )
    {% if has_state() %}
    union
    -- of a night that is run again: what it, or one after it, had computed anew
    select org_id, event_code, month_start_date
    from {{ this }}
    where knowledge_date > {{ previous_business_date() }} and month_start_date < {{ first_month }}
    {% endif %}

),

older_events as (

    select distinct events.event_id
    from {{ ref('fct_event') }} as events
    inner join older_keys
        on
            events.owning_org_id = older_keys.org_id
            and events.event_code = older_keys.event_code
            and {{ month_start('events.business_date') }} = older_keys.month_start_date

),

-- their entries, a withdrawal of a later month among them, and all of the months that are computed whole
candidates as (

    select events.*
    from {{ by_survivor(ref('fct_event')) }} as events
    where events.business_date >= {{ first_month }}
    union all
    select events.*
    from {{ by_survivor(ref('fct_event')) }} as events
    inner join older_events on events.event_id = older_events.event_id
    where events.business_date < {{ first_month }}

),

entries as (

    select
        *,
        row_number() over (partition by event_id order by entry_id desc nulls last) as recency,
        min(business_date) over (partition by event_id) as told_date
    from candidates
    -- a night that is run again finds what later ones have added
    where knowledge_date <= {{ business_date() }}

),

events as (

    select
        event_id, customer_id, owning_org_id as org_id, event_code, amount_amt, told_date,
        {{ month_start('told_date') }} as month_start_date
    from entries
    where recency = 1 and entry_type_code = 'event'

),

oldest as (

    -- what answers an event may have been told ahead of its day, and before the event
    select {{ add_days('min(told_date)', '-' ~ days_told_ahead()) }} as read_from_date from events

),

opportunity_changes as (

    select
        *,
        row_number() over (partition by opportunity_id order by changed_at desc nulls last) as recency,
        min(cast(changed_at as date)) over (partition by opportunity_id) as opened_date,
        max(source_event_id) over (partition by opportunity_id) as named_event_id
    from {{ by_survivor(ref('int_opportunity__change')) }}
    -- of those that changed, all: when one was opened its first change says
    where
        opportunity_id in (
            select opportunity_id
            from {{ ref('int_opportunity__change') }}
            where business_date >= (select read_from_date from oldest)
        )

),

opportunities as (

    select
        changes.opportunity_id,
        changes.customer_id,
        changes.named_event_id as source_event_id,
        changes.opened_date,
        changes.amount_amt,
        coalesce(stages.is_won, false) as is_won
    from opportunity_changes as changes
    left join {{ ref('opportunity_stages') }} as stages
        on
            changes.stage_code = stages.stage_code
            and stages.valid_from_date <= {{ business_date() }}
            and (stages.valid_to_date is null or stages.valid_to_date >= {{ business_date() }})
    where changes.recency = 1

),

answers as (

    select
        events.event_id,
        cast(contacts.sent_at as date) as answer_date,
        cast(null as varchar) as opportunity_id
    from events
    inner join {{ by_survivor(ref('int_contact__log')) }} as contacts
        on events.customer_id = contacts.customer_id
    where
        -- what did not reach the customer answers nothing
        contacts.is_delivered
        and contacts.business_date >= (select read_from_date from oldest)
        and cast(contacts.sent_at as date) >= events.told_date
        and cast(contacts.sent_at as date) <= {{ add_days('events.told_date', answer_days) }}
        -- what is told ahead of its day answers nothing until then
        and cast(contacts.sent_at as date) <= {{ business_date() }}
    union all
    select
        events.event_id,
        cast(visits.visited_at as date) as answer_date,
        cast(null as varchar) as opportunity_id
    from events
    inner join {{ by_survivor(ref('int_contact__visit')) }} as visits
        on events.customer_id = visits.customer_id
    where
        visits.business_date >= (select read_from_date from oldest)
        and cast(visits.visited_at as date) >= events.told_date
        and cast(visits.visited_at as date) <= {{ add_days('events.told_date', answer_days) }}
        and cast(visits.visited_at as date) <= {{ business_date() }}
    union all
    select
        events.event_id,
        greatest(opportunities.opened_date, events.told_date) as answer_date,
        opportunities.opportunity_id
    from events
    inner join opportunities on events.event_id = opportunities.source_event_id
    union all
    select
        events.event_id,
        opportunities.opened_date as answer_date,
        opportunities.opportunity_id
    from events
    inner join opportunities on events.customer_id = opportunities.customer_id
    where
        opportunities.opened_date >= events.told_date
        and opportunities.opened_date <= {{ add_days('events.told_date', answer_days) }}
        and (opportunities.source_event_id is null or opportunities.source_event_id <> events.event_id)

),

answered as (

    select
        events.org_id,
        events.event_code,
        events.month_start_date,
        events.event_id,
        {{ days_between('events.told_date', 'min(answers.answer_date)') }} as answer_days
    from events
    inner join answers on events.event_id = answers.event_id
    group by
        events.org_id, events.event_code, events.month_start_date, events.event_id, events.told_date

),

ordered as (

    select
        org_id,
        event_code,
        month_start_date,
        answer_days,
        row_number() over (
            partition by org_id, event_code, month_start_date
            order by answer_days nulls last, event_id nulls last
        ) as place,
        count(*) over (partition by org_id, event_code, month_start_date) as answered_cnt
    from answered

),

medians as (

    select
        org_id,
        event_code,
        month_start_date,
        max(answered_cnt) as answered_cnt,
        -- the middle one, or half the sum of the two in the middle
        cast(
            cast(
                sum(case when 2 * place in (answered_cnt, answered_cnt + 2) then answer_days else 0 end)
                + sum(case when 2 * place = answered_cnt + 1 then 2 * answer_days else 0 end)
                as decimal(8, 1)
            ) * cast(0.5 as decimal(2, 1)) as decimal(9, 1)
        ) as median_answer_days
    from ordered
    group by org_id, event_code, month_start_date

),

won as (

    select
        linked.org_id,
        linked.event_code,
        linked.month_start_date,
        count(*) as opportunity_cnt,
        sum(case when opportunities.is_won then opportunities.amount_amt else 0 end) as won_amt
    from (
        select distinct
            events.org_id, events.event_code, events.month_start_date, answers.opportunity_id
        from events
        inner join answers on events.event_id = answers.event_id
        where answers.opportunity_id is not null
    ) as linked
    inner join opportunities on linked.opportunity_id = opportunities.opportunity_id
    group by linked.org_id, linked.event_code, linked.month_start_date

),

counted as (

    select
        org_id,
        event_code,
        month_start_date,
        count(*) as event_cnt,
        count(distinct customer_id) as customer_cnt,
        sum(coalesce(amount_amt, 0)) as amount_amt
    from events
    group by org_id, event_code, month_start_date
    {% if has_state() %}
    union all
    -- all of whose events were withdrawn
    select
        before.org_id,
        before.event_code,
        before.month_start_date,
        0 as event_cnt,
        0 as customer_cnt,
        0 as amount_amt
    from {{ this }} as before
    left join (
        select distinct org_id, event_code, month_start_date from events
    ) as now
        on
            before.org_id = now.org_id
            and before.event_code = now.event_code
            and before.month_start_date = now.month_start_date
    left join (
        select distinct
            owning_org_id as org_id,
            event_code,
            {{ month_start('told_date') }} as month_start_date
        from entries
        where recency = 1 and entry_type_code <> 'event'
    ) as withdrawn
        on
            before.org_id = withdrawn.org_id
            and before.event_code = withdrawn.event_code
            and before.month_start_date = withdrawn.month_start_date
    where
        before.month_start_date >= {{ first_month }}
        and now.event_code is null
        -- a night that is run again finds rows of what only later ones were told
        and (before.knowledge_date <= {{ previous_business_date() }} or withdrawn.event_code is not null)
    {% endif %}

)

select
    -- ids
    counted.org_id,

    -- codes
    counted.event_code,

    -- dates
    counted.month_start_date,
    {{ business_date() }} as knowledge_date,

    -- measures
    cast(counted.event_cnt as bigint) as event_cnt,
    cast(counted.customer_cnt as bigint) as customer_cnt,
    cast(counted.amount_amt as {{ amount_type() }}) as amount_amt,
    cast(coalesce(medians.answered_cnt, 0) as bigint) as answered_cnt,
    {{ ratio('coalesce(medians.answered_cnt, 0)', 'counted.event_cnt') }} as answer_rate,
    medians.median_answer_days,
    cast(coalesce(won.opportunity_cnt, 0) as bigint) as opportunity_cnt,
    cast(coalesce(won.won_amt, 0) as {{ amount_type() }}) as won_amt

from counted
left join medians
    on
        counted.org_id = medians.org_id
        and counted.event_code = medians.event_code
        and counted.month_start_date = medians.month_start_date
left join won
    on
        counted.org_id = won.org_id
        and counted.event_code = won.event_code
        and counted.month_start_date = won.month_start_date
