-- One row per customer whom a contact has reached before the month, and month: the last one, and what the 11
-- months before add to the contacts of 12. Computed once per month, on its first night, as known then, under
-- the number that was told of.

{{ config(materialized='incremental', meta={'carried': 'month_state'}) }}

select
    customer_id,
    {{ month_start(business_date()) }} as month_start_date,
    {{ business_date() }} as as_of_date,
    cast(count(case when sent_at >= {{ activity_from_date() }} then 1 end) as bigint) as contact_11m_cnt,
    max(sent_at) as last_sent_at,
    {{ first_by('channel_code', [seconds_before_tonight('sent_at'), 'contact_id']) }} as last_channel_code
from {{ ref('int_contact__log') }}
where
    is_delivered
    and sent_at < {{ month_start(business_date()) }}
    {%- if has_state() %}
    and not exists (
        select 1
        from {{ this }} as earlier
        where earlier.month_start_date = {{ month_start(business_date()) }}
    )
    {%- endif %}
group by customer_id
