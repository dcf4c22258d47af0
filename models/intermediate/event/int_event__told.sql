-- One row per event, with the night whose batch tells it: the feed as it would be had every batch come once,
-- in order, as it counts now. monitoring.fct_event compares it with what was told. A night tells no event
-- again that an earlier one has told, nor one whose rule rests (`cool_down_days`) after the last telling.

-- read on every night but the first
-- depends_on: {{ ref('int_event__flow_day') }}

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

with {% if has_state() -%}
earlier as (

    select
        identity_key,
        event_code,
        customer_id,
        -- a customer who is another's tonight is the subject of nothing
        case when subject_id = told_customer_id then customer_id else subject_id end as subject_id,
        event_date,
        amount_amt,
        business_date
    from {{ by_survivor(this, told_as='told_customer_id') }} as told_events
    where business_date >= {{ add_days(business_date(), '-' ~ oldest_told_days()) }}

),

{% endif -%}

found as (

    {% for detector in (
        ref('int_event__due'), ref('int_event__debt'), ref('int_event__customer'), ref('int_event__flow'),
    ) -%}
    select * from {{ detector }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
    {%- if has_state() %}
    union all
    {{ event_sequences('earlier', by_survivor(ref('int_event__flow_day'))) }}
    {%- endif %}

),

applied as (

    select
        found.*,
        row_number() over (
            partition by found.event_code, found.subject_type_code, found.subject_id, found.occurrence_text
            order by
                found.stage desc nulls last,
                found.priority asc nulls last,
                found.threshold_amt desc nulls last,
                found.rule_version asc nulls last,
                found.customer_group_code asc nulls last,
                found.key_text asc nulls last
        ) as preference
    from found
    inner join {{ ref('int_event__customer_group') }} as customers
        on
            found.customer_id = customers.customer_id
            and found.customer_group_code in (customers.customer_group_code, '*')

),

identified as (

    select
        *,
        {{ event_identity('event_code', 'subject_type_code', 'subject_id', 'key_text') }} as identity_key
    from applied
    where preference = 1

),

fresh as (

    select identified.*
    from identified
    {% if has_state() %}
    where
        not exists (select 1 from earlier where earlier.identity_key = identified.identity_key)
        and not exists (
            select 1
            from earlier
            where
                identified.cool_down_days is not null
                and earlier.event_code = identified.event_code
                and earlier.subject_id = identified.subject_id
                and earlier.business_date > {{ add_days(business_date(), '-identified.cool_down_days') }}
        )
    {% endif %}

),

groups as (

    select customer_id, ultimate_parent_customer_id
    from {{ ref('int_group__place') }}
    where from_date <= {{ business_date() }} and to_date > {{ business_date() }}

),

guarantors as (

    select customer_id, related_id as guarantor_id
    from {{ by_survivor(ref('int_customer__relation_versions'), columns=['customer_id', 'related_id']) }}
    where
        known_to_date is null
        and relation_type_code = 'guarantor'
        and valid_from <= {{ business_date() }}
        and (valid_to is null or valid_to > {{ business_date() }})

),

causes as (

    select
        fresh.*, rules.priority as risk_priority, rules.rule_version as risk_rule_version,
        rules.customer_group_code as risk_group_code, rules.threshold_cnt as risk_threshold_cnt
    from fresh
    inner join (
        {{ event_rules_tonight(['group_member_risk']) }}
    ) as rules
        on
            (fresh.event_code = 'loan_overdue' and fresh.threshold_cnt >= rules.threshold_cnt)
            or (
                fresh.event_code = 'class_downgrade'
                and fresh.event_cnt >= {{ five_class_rank("'substandard'") }}
            )

),

-- what the fate of one tells those who are tied to it: members of the same group, and who guarantees
tied as (

    select causes.identity_key, members.customer_id
    from causes
    inner join groups on causes.customer_id = groups.customer_id
    inner join groups as members
        on groups.ultimate_parent_customer_id = members.ultimate_parent_customer_id
    where members.customer_id <> causes.customer_id
    union
    select causes.identity_key, guarantors.guarantor_id as customer_id
    from causes
    inner join guarantors on causes.customer_id = guarantors.customer_id
    where guarantors.guarantor_id <> causes.customer_id

),

-- of several rules that hold for a customer, the one that comes first
risks as (

    select
        causes.*,
        tied.customer_id as tied_customer_id,
        row_number() over (
            partition by causes.identity_key, tied.customer_id
            order by
                causes.risk_priority asc nulls last,
                causes.risk_rule_version asc nulls last,
                causes.risk_group_code asc nulls last,
                causes.risk_threshold_cnt desc nulls last
        ) as risk_preference
    from tied
    inner join causes on tied.identity_key = causes.identity_key
    inner join {{ ref('int_event__customer_group') }} as customers
        on
            tied.customer_id = customers.customer_id
            and customers.is_active
            and causes.risk_group_code in (customers.customer_group_code, '*')

),

events as (

    select
        identity_key, event_code, rule_version, customer_id, subject_type_code, subject_id, event_date,
        priority, amount_amt, reference_amt, threshold_amt, reference_date, event_cnt
    from fresh
    union all
    select
        {{ event_identity("'group_member_risk'", "'customer'", 'tied_customer_id', 'identity_key') }}
            as identity_key,
        'group_member_risk' as event_code,
        risk_rule_version as rule_version,
        tied_customer_id as customer_id,
        'customer' as subject_type_code,
        tied_customer_id as subject_id,
        event_date,
        risk_priority as priority,
        amount_amt,
        reference_amt,
        cast(null as {{ amount_type() }}) as threshold_amt,
        reference_date,
        event_cnt
    from risks
    where risk_preference = 1

)

select
    -- ids
    events.identity_key,
    events.customer_id,
    events.subject_id,
    owners.owning_org_id,
    managers.employee_id,

    -- codes
    events.event_code,
    events.subject_type_code,
    events.rule_version,
    customers.customer_group_code,

    -- dates
    events.event_date,
    events.reference_date,
    {{ business_date() }} as business_date,

    -- measures
    cast(events.priority as integer) as priority,
    events.amount_amt,
    events.reference_amt,
    cast(events.threshold_amt as {{ amount_type() }}) as threshold_amt,
    events.event_cnt,

    -- flags
    -- the first night sets the state of what changes later: it is known then, and not told
    {% if is_first_night() -%}
    events.event_code not in ('tier_upgrade', 'tier_regained', 'payroll_started') as is_told
    {%- else -%}
    true as is_told
    {%- endif %}

from events
inner join {{ ref('int_event__customer_group') }} as customers on events.customer_id = customers.customer_id
inner join {{ ref('int_customer__month') }} as owners
    on
        events.customer_id = owners.customer_id
        and owners.month_start_date = {{ month_start(business_date()) }}
left join {{ ref('int_ownership__main_manager') }} as managers
    on
        events.customer_id = managers.customer_id
        and managers.month_start_date = {{ month_start(business_date()) }}
left join {{ source('pipeline', 'erased_customer') }} as erased on events.customer_id = erased.customer_id
where erased.customer_id is null
