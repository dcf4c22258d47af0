-- One row per response of tonight (今日提醒), by priority: what a manager has to do or to know of his customers.
-- Lines of customers without a manager are the org's, employee_id empty.

{{ config(materialized='table', meta={'grain': ['response_id']}) }}

with responses as (

    select * from {{ ref('fct_event_response') }} where knowledge_date = {{ business_date() }}

),

events as (

    select *
    from (
        select
            *,
            row_number() over (partition by event_id order by entry_id desc nulls last) as recency
        from {{ ref('fct_event') }}
        where knowledge_date = {{ business_date() }}
    ) as numbered
    where recency = 1

),

lines as (

    select
        responses.*,
        case
            when responses.recipient_type_code = 'employee' then responses.recipient_id
            when responses.recipient_type_code = 'customer' then events.employee_id
        end as employee_id,
        events.subject_type_code,
        events.subject_id,
        events.event_date,
        events.amount_amt,
        events.reference_amt,
        events.event_cnt
    from responses
    inner join events on responses.event_id = events.event_id

)

select
    -- ids
    employee_id,
    owning_org_id as org_id,
    response_id,
    event_id,
    customer_id,
    subject_id,

    -- codes
    event_code,
    subject_type_code,
    channel_code,
    recipient_type_code,
    status_code,
    reason_code,
    priority,

    -- dates
    business_date,
    event_date,

    -- measures
    amount_amt,
    reference_amt,
    event_cnt,
    cast(row_number() over (
        partition by employee_id, case when employee_id is null then owning_org_id end
        order by priority nulls last, event_date nulls last, event_id nulls last, response_id nulls last
    ) as integer) as line_number

from lines
