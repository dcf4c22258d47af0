-- One row per customer of whom anything is known of contacts, consents, cases, visits or channels: as of
-- tonight. Contacts of 12 months are those of the month's first night and what was learnt since; channel use
-- is that of 30 days. A contact or visit that is told ahead of its day, by up to three months, counts from
-- that day on.

{{ config(materialized='table') }}

with earlier as (

    select *
    from {{ by_survivor(ref('int_contact__earlier_months')) }} as earlier
    where month_start_date = {{ month_start(business_date()) }}

),

as_of as (

    select coalesce(max(as_of_date), cast('1900-01-01' as date)) as as_of_date from earlier

),

recent as (

    select
        log.*,
        cast(log.sent_at as date) > {{ add_days(business_date(), -30) }} as is_of_30_days,
        (log.sent_at >= {{ month_start(business_date()) }} or log.business_date > as_of.as_of_date)
        and log.sent_at >= {{ activity_from_date() }} as is_added
    from {{ by_survivor(ref('int_contact__log')) }} as log
    cross join as_of
    where
        log.is_delivered
        and log.business_date >= {{ add_days(month_start(business_date()), '-' ~ days_told_ahead()) }}
        and cast(log.sent_at as date) <= {{ business_date() }}
        -- what was sent before the month and known on its first night stands in the months before
        and (
            log.sent_at >= {{ month_start(business_date()) }}
            or log.business_date > as_of.as_of_date
            or cast(log.sent_at as date) > {{ add_days(business_date(), -30) }}
        )

),

contacts as (

    select
        customer_id,
        sum(contact_30d_cnt) as contact_30d_cnt,
        sum(contact_12m_cnt) as contact_12m_cnt,
        max(last_sent_at) as last_sent_at,
        {{ first_by('last_channel_code', ['last_sent_at is null', 'seconds_ago', 'last_channel_code']) }}
            as last_channel_code
    from (
        select
            customer_id,
            count(case when is_of_30_days then 1 end) as contact_30d_cnt,
            count(case when is_added then 1 end) as contact_12m_cnt,
            max(sent_at) as last_sent_at,
            {{ first_by('channel_code', [seconds_before_tonight('sent_at'), 'contact_id']) }}
                as last_channel_code,
            {{ seconds_before_tonight('max(sent_at)') }} as seconds_ago
        from recent
        group by customer_id
        union all
        select
            customer_id,
            0 as contact_30d_cnt,
            contact_11m_cnt as contact_12m_cnt,
            last_sent_at,
            last_channel_code,
            {{ seconds_before_tonight('last_sent_at') }} as seconds_ago
        from earlier
    ) as parts
    group by customer_id

),

consents as (

    select
        customer_id,
        ',' || {{ joined_text('purpose_code', "','", ['purpose_code nulls last']) }} || ','
            as consent_purpose_codes
    from {{ by_survivor(ref('int_contact__consent_versions')) }}
    where
        known_to_date is null
        and cast(granted_at as date) <= {{ business_date() }}
        and (withdrawn_at is null or cast(withdrawn_at as date) > {{ business_date() }})
    group by customer_id

),

cases as (

    select customer_id, count(*) as open_case_cnt
    from {{ by_survivor(ref('int_service__case_versions')) }}
    where known_to_date is null and (closed_at is null or cast(closed_at as date) > {{ business_date() }})
    group by customer_id

),

visits as (

    select customer_id, cast(max(visited_at) as date) as last_visit_date
    from {{ by_survivor(ref('int_contact__visit')) }}
    where cast(visited_at as date) <= {{ business_date() }}
    group by customer_id

),

signed as (

    select
        customer_id,
        ',' || {{ joined_text('channel_code', "','", ['channel_code nulls last']) }} || ','
            as contracted_channel_codes
    from {{ by_survivor(ref('int_channel__contract_versions')) }}
    where
        known_to_date is null
        and sign_date <= {{ business_date() }}
        and (cancel_date is null or cancel_date > {{ business_date() }})
    group by customer_id

),

used as (

    select
        customer_id,
        ',' || {{ joined_text('channel_code', "','", ['channel_code nulls last'], is_distinct=true) }} || ','
            as used_channel_codes
    from {{ by_survivor(ref('int_channel__usage')) }}
    where
        business_date >= {{ add_days(business_date(), -30) }}
        and usage_date > {{ add_days(business_date(), -30) }}
        and (login_cnt > 0 or txn_cnt > 0)
    group by customer_id

),

customers as (

    select customer_id from contacts
    union
    select customer_id from consents
    union
    select customer_id from cases
    union
    select customer_id from visits
    union
    select customer_id from signed
    union
    select customer_id from used

)

select
    customers.customer_id,
    signed.contracted_channel_codes,
    used.used_channel_codes,
    consents.consent_purpose_codes,
    contacts.last_channel_code as last_contact_channel_code,
    cast(contacts.last_sent_at as date) as last_contact_date,
    visits.last_visit_date,
    cast(coalesce(contacts.contact_30d_cnt, 0) as bigint) as contact_30d_cnt,
    cast(coalesce(contacts.contact_12m_cnt, 0) as bigint) as contact_12m_cnt,
    cast(coalesce(cases.open_case_cnt, 0) as integer) as open_case_cnt
from customers
left join contacts on customers.customer_id = contacts.customer_id
left join consents on customers.customer_id = consents.customer_id
left join cases on customers.customer_id = cases.customer_id
left join visits on customers.customer_id = visits.customer_id
left join signed on customers.customer_id = signed.customer_id
left join used on customers.customer_id = used.customer_id
