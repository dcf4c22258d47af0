-- One row per response to an event (事件响应): what goes to whom on which channel, or is held back and why. Rows
-- are only ever added; an event is answered once, however often its cause goes and comes back. A response
-- that was to be sent, and whose event is withdrawn, gets a row of its own that says so.

{{ config(meta={
    'grain': ['response_id'], 'partition': 'knowledge_date', 'carried': 'released',
}) }}

{% set ledger = this if has_state() else source('confirmed', 'fct_event_response') %}

with ledger as (

    select *
    from {{ ledger }}
    where business_date >= {{ add_days(business_date(), '-' ~ oldest_told_days()) }}

),

entries as (

    select * from {{ ref('fct_event') }} where knowledge_date = {{ business_date() }}

),

events as (

    select entries.*
    from entries
    where
        entries.entry_type_code = 'event'
        and not exists (select 1 from ledger where ledger.event_id = entries.event_id)
        and not exists (
            select 1
            from entries as later
            where later.event_id = entries.event_id and later.entry_id > entries.entry_id
        )

),

rules as (

    select *
    from {{ ref('event_response_rules') }}
    where
        is_active
        and valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date >= {{ business_date() }})

),

org_managers as (

    select org_id, min(employee_id) as employee_id
    from {{ ref('stg_core_banking__employees') }}
    where post_code = 'outlet_manager' and status_code = 'active'
    group by org_id

),

-- customers whose main manager has left the bank, and whom nobody has got yet
left_behind as (

    select distinct customer_id
    from {{ ref('int_ownership__assignment') }}
    where
        employee_id = 'UNASSIGNED'
        and role_code = 'main'
        and valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date > {{ business_date() }})

),

addressed as (

    select
        events.event_id,
        events.customer_id,
        events.owning_org_id,
        events.event_code,
        events.reminder_class_code,
        events.priority,
        events.event_date,
        rules.channel_code,
        rules.rule_version,
        rules.consent_purpose_code,
        rules.counts_as_contact,
        case
            when rules.recipient_code = 'customer' then 'customer'
            when rules.recipient_code = 'main_rm' and events.employee_id is not null then 'employee'
            when
                (rules.recipient_code = 'supervisor' or left_behind.customer_id is not null)
                and rules.recipient_code <> 'org'
                and org_managers.employee_id is not null
                then 'employee'
            else 'org'
        end as recipient_type_code,
        case
            when rules.recipient_code = 'customer' then events.customer_id
            when rules.recipient_code = 'main_rm' and events.employee_id is not null then events.employee_id
            when
                (rules.recipient_code = 'supervisor' or left_behind.customer_id is not null)
                and rules.recipient_code <> 'org'
                and org_managers.employee_id is not null
                then org_managers.employee_id
            else events.owning_org_id
        end as recipient_id,
        rules.recipient_code = 'main_rm'
        and events.employee_id is null
        and left_behind.customer_id is not null
            as is_redirected
    from events
    inner join rules
        on
            events.event_code = rules.event_code
            and rules.customer_group_code in (events.customer_group_code, '*')
    left join org_managers on events.owning_org_id = org_managers.org_id
    left join left_behind on events.customer_id = left_behind.customer_id

),

-- once per channel and recipient, whatever number of rules say so: the strictest
single as (

    select *
    from (
        select
            *,
            row_number() over (
                partition by event_id, channel_code, recipient_type_code, recipient_id
                order by
                    counts_as_contact desc nulls last,
                    consent_purpose_code asc nulls last,
                    is_redirected asc,
                    rule_version asc nulls last
            ) as preference
        from addressed
    ) as numbered
    where preference = 1

),

consents as (

    select customer_id, purpose_code
    from {{ by_survivor(ref('int_contact__consent_versions')) }}
    where
        known_to_date is null
        and cast(granted_at as date) <= {{ business_date() }}
        and (withdrawn_at is null or cast(withdrawn_at as date) > {{ business_date() }})

),

judged as (

    select
        single.*,
        case
            when single.recipient_type_code <> 'customer'
                then case when single.is_redirected then 'employee_left' end
            when single.counts_as_contact and refusals.customer_id is not null then 'do_not_contact'
            when single.consent_purpose_code is not null and consents.customer_id is null then 'no_consent'
            when single.channel_code = 'sms' and customers.mobile is null then 'no_mobile'
        end as reason_code
    from single
    left join consents
        on
            single.customer_id = consents.customer_id
            and single.consent_purpose_code = consents.purpose_code
    left join consents as refusals
        on single.customer_id = refusals.customer_id and refusals.purpose_code = 'do_not_contact'
    left join {{ ref('int_customer__versions') }} as customers
        on single.customer_id = customers.customer_id and customers.known_to_date is null

),

caps as (

    select channel_code, contact_cnt, {{ add_days(business_date(), '1 - window_days') }} as from_date
    from {{ ref('contact_cap_rules') }}
    where
        valid_from_date <= {{ business_date() }}
        and (valid_to_date is null or valid_to_date >= {{ business_date() }})

),

contacts as (

    select customer_id, channel_code, cast(sent_at as date) as sent_date
    from {{ by_survivor(ref('int_contact__log')) }}
    where
        campaign_id is not null
        and is_delivered
        and cast(sent_at as date) >= (select min(from_date) from caps)
        -- what is dated ahead says nothing of what was sent until then
        and cast(sent_at as date) <= {{ business_date() }}

),

-- up to this day the log itself says what was sent
last_contact as (

    select coalesce(max(sent_date), cast('1900-01-01' as date)) as sent_date
    from contacts

),

used as (

    select counted.customer_id, counted.channel_code, count(*) as contact_cnt
    from (
        select contacts.customer_id, contacts.channel_code
        from contacts
        inner join caps
            on
                contacts.channel_code = caps.channel_code
                and contacts.sent_date >= caps.from_date
        union all
        select ledger.customer_id, ledger.channel_code
        from ledger
        cross join last_contact
        inner join caps on ledger.channel_code = caps.channel_code and ledger.business_date >= caps.from_date
        where
            ledger.status_code = 'to_send'
            and ledger.is_contact
            and ledger.business_date > last_contact.sent_date
    ) as counted
    group by counted.customer_id, counted.channel_code

),

governed as (

    select
        judged.*,
        row_number() over (
            partition by
                judged.customer_id, judged.channel_code,
                judged.counts_as_contact
                and judged.recipient_type_code = 'customer'
                and judged.reason_code is null
            order by judged.priority nulls last, judged.event_date nulls last, judged.event_id nulls last
        ) + coalesce(used.contact_cnt, 0) as contact_number,
        caps.contact_cnt as most_contacts
    from judged
    left join caps on judged.channel_code = caps.channel_code
    left join used on judged.customer_id = used.customer_id and judged.channel_code = used.channel_code

),

decided as (

    select
        event_id,
        customer_id,
        owning_org_id,
        recipient_id,
        event_code,
        channel_code,
        recipient_type_code,
        case
            when
                reason_code is null
                and counts_as_contact
                and recipient_type_code = 'customer'
                and contact_number > most_contacts
                then 'contact_cap'
            else reason_code
        end as reason_code,
        rule_version,
        priority,
        counts_as_contact and recipient_type_code = 'customer' as is_contact,
        event_id || '|' || channel_code || '|' || recipient_type_code || '|' || recipient_id as response_key
    from governed

    union all

    select
        sent.event_id,
        sent.customer_id,
        sent.owning_org_id,
        sent.recipient_id,
        sent.event_code,
        sent.channel_code,
        sent.recipient_type_code,
        'withdrawn' as reason_code,
        sent.rule_version,
        sent.priority,
        false as is_contact,
        sent.response_id || '|withdrawn' as response_key
    from ledger as sent
    inner join entries on sent.event_id = entries.event_id and entries.entry_type_code = 'withdrawal'
    where
        sent.status_code = 'to_send'
        and not exists (
            select 1
            from ledger as withdrawn
            where
                withdrawn.event_id = sent.event_id
                and withdrawn.channel_code = sent.channel_code
                and withdrawn.recipient_id = sent.recipient_id
                and withdrawn.reason_code = 'withdrawn'
        )

)

select
    -- ids
    {{ keyed_hash('decided.response_key', 'pads') }} as response_id,
    decided.event_id,
    decided.customer_id,
    decided.owning_org_id,
    decided.recipient_id,

    -- codes
    decided.event_code,
    decided.channel_code,
    decided.recipient_type_code,
    case
        when decided.reason_code is null or decided.reason_code = 'employee_left' then 'to_send'
        else 'suppressed'
    end as status_code,
    decided.reason_code,
    decided.rule_version,
    cast(decided.priority as integer) as priority,

    -- dates
    {{ business_date() }} as business_date,
    {{ business_date() }} as knowledge_date,

    -- flags
    decided.is_contact

from decided
cross join {{ source('pipeline', 'hash_pad') }} as pads
