-- One row per channel, campaign, batch of messages and month: that something was sent, with the first night
-- that tells of it. The months are those of int_contact__pressure_month.

{{ config(materialized='incremental', meta={'carried': 'business_date'}) }}

with first_nights as (

    select * from {{ first_told(ref('int_contact__log')) }} as first_told

),

tonight as (

    select distinct
        log.channel_code,
        log.campaign_id,
        log.batch_id,
        case
            when first_nights.business_date = {{ business_date() }}
                then least({{ month_start('log.sent_at') }}, {{ month_start(business_date()) }})
            else {{ month_start(business_date()) }}
        end as month_start_date
    from {{ ref('int_contact__log') }} as log
    cross join first_nights
    where
        log.business_date = {{ business_date() }}
        and (log.campaign_id is not null or log.batch_id is not null)

)

select
    tonight.channel_code,
    tonight.campaign_id,
    tonight.batch_id,
    tonight.month_start_date,
    {{ business_date() }} as business_date
from tonight
{% if has_state() %}
left join {{ this }} as earlier
    on
        tonight.month_start_date = earlier.month_start_date
        and tonight.channel_code = earlier.channel_code
        and coalesce(tonight.campaign_id, '') = coalesce(earlier.campaign_id, '')
        and coalesce(tonight.batch_id, '') = coalesce(earlier.batch_id, '')
where earlier.month_start_date is null
{% endif %}
