-- One row per entry of the feed of events (事件流水): an event, or the withdrawal of one whose cause a batch that
-- came again takes away. Rows are only ever added: the newest release is the record, as of the sales ledger,
-- and a night that is replayed on the way to a later one adds nothing. An event is told once, whatever comes
-- again.

{{ config(meta={
    'grain': ['entry_id'], 'partition': 'knowledge_date', 'carried': 'released',
}) }}

{% set ledger = this if has_state() else source('confirmed', 'fct_event') %}

with ledger as (

    select * from {{ ledger }}

),

-- the nights that are compared: tonight's, and those replayed since the newest release
span as (

    select
        least(
            {% if is_first_night() -%}
            {{ business_date() }},
            {%- else -%}
            {{ add_days(previous_batch_date(), 1) }},
            {%- endif %}
            coalesce(night.replayed_from_date, {{ business_date() }})
        ) as from_date
    from {{ source('pipeline', 'confirmation') }} as night
    where
        night.confirmed_date = {{ business_date() }}
        -- an earlier night that is run again after a rollback
        and not exists (select 1 from ledger where knowledge_date > {{ business_date() }})

),

wanted as (

    select
        {{ keyed_hash('told.identity_key', 'pads') }} as event_id,
        told.event_code,
        types.reminder_class_code,
        told.rule_version,
        told.customer_id,
        told.subject_type_code,
        -- as releases hash private numbers, so that it is found in other tables; a customer's is none
        case
            when told.subject_type_code = 'customer' then told.subject_id
            else {{ keyed_hash('told.subject_id', 'pads') }}
        end as subject_id,
        told.event_date,
        told.business_date,
        told.priority,
        told.amount_amt,
        told.reference_amt,
        told.threshold_amt,
        told.reference_date,
        told.event_cnt,
        told.owning_org_id,
        told.employee_id,
        told.customer_group_code
    from {{ ref('int_event__told') }} as told
    inner join span on told.is_told and told.business_date >= span.from_date
    inner join {{ ref('event_types') }} as types on told.event_code = types.event_code
    cross join {{ source('pipeline', 'hash_pad') }} as pads
    where told.business_date <= {{ business_date() }}

),

entries as (

    select
        event_id,
        business_date,
        row_number() over (partition by event_id order by entry_id desc nulls last) as recency,
        entry_id,
        entry_type_code
    from ledger
    where business_date >= {{ add_days('(select min(from_date) from span)', '-' ~ oldest_told_days()) }}

),

live as (

    select event_id, entry_id, business_date
    from entries
    where recency = 1 and entry_type_code = 'event'

),

withdrawn as (

    select ledger.*
    from ledger
    inner join live on ledger.entry_id = live.entry_id
    inner join span on live.business_date >= span.from_date
    left join wanted on live.event_id = wanted.event_id
    where wanted.event_id is null

),

changes as (

    select
        'withdrawal' as entry_type_code, event_id, event_code, reminder_class_code, rule_version, customer_id,
        subject_type_code, subject_id, event_date, {{ business_date() }} as business_date, priority,
        amount_amt,
        reference_amt, threshold_amt, reference_date, event_cnt, owning_org_id, employee_id,
        customer_group_code
    from withdrawn
    union all
    select
        'event' as entry_type_code, wanted.event_id, wanted.event_code, wanted.reminder_class_code,
        wanted.rule_version, wanted.customer_id, wanted.subject_type_code, wanted.subject_id,
        wanted.event_date, wanted.business_date, wanted.priority, wanted.amount_amt, wanted.reference_amt,
        wanted.threshold_amt, wanted.reference_date, wanted.event_cnt, wanted.owning_org_id,
        wanted.employee_id, wanted.customer_group_code
    from wanted
    left join live on wanted.event_id = live.event_id
    where live.event_id is null

)

select
    -- ids
    coalesce((select max(entry_id) from ledger), 0) + row_number() over (
        order by business_date nulls last, event_id nulls last, entry_type_code nulls last
    ) as entry_id,
    event_id,
    customer_id,
    subject_id,
    owning_org_id,
    employee_id,

    -- codes
    entry_type_code,
    event_code,
    reminder_class_code,
    rule_version,
    customer_group_code,
    subject_type_code,
    cast(priority as integer) as priority,

    -- dates
    event_date,
    business_date,
    {{ business_date() }} as knowledge_date,
    reference_date,

    -- measures
    amount_amt,
    reference_amt,
    threshold_amt,
    event_cnt

from changes
