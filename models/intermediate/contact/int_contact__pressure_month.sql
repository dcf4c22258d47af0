-- One row per customer, channel and month that tonight computes: contacts of the month and of the year so
-- far. Nights carry it. A contact counts in the month of the night that tells of it; what the first night
-- with any contact tells counts in its own month, if that has begun. Customers stay under the number that was
-- told of.

{{ config(materialized='incremental', meta={'carried': 'state'}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

first_nights as (

    select * from {{ first_told(ref('int_contact__log')) }} as first_told

),

tonight as (

    select
        log.customer_id,
        log.channel_code,
        case
            when first_nights.business_date = {{ business_date() }}
                then least({{ month_start('log.sent_at') }}, {{ month_start(business_date()) }})
            else {{ month_start(business_date()) }}
        end as month_start_date,
        count(*) as contact_cnt,
        sum(case when log.is_delivered then 1 else 0 end) as delivered_cnt
    from {{ ref('int_contact__log') }} as log
    cross join first_nights
    where log.business_date = {{ business_date() }}
    group by 1, 2, 3

),

added as (

    select
        tonight.customer_id,
        tonight.channel_code,
        months.month_start_date,
        case when tonight.month_start_date = months.month_start_date then tonight.contact_cnt else 0 end
            as contact_cnt,
        case when tonight.month_start_date = months.month_start_date then tonight.delivered_cnt else 0 end
            as delivered_cnt,
        tonight.contact_cnt as year_contact_cnt,
        tonight.delivered_cnt as year_delivered_cnt
    from tonight
    inner join months
        on
            year(tonight.month_start_date) = year(months.month_start_date)
            and tonight.month_start_date <= months.month_start_date

    {% if has_state() %}
    union all

    select
        last_night.customer_id,
        last_night.channel_code,
        months.month_start_date,
        case when last_night.month_start_date = months.month_start_date then last_night.contact_cnt else 0 end
            as contact_cnt,
        case
            when last_night.month_start_date = months.month_start_date then last_night.delivered_cnt
            else 0
        end as delivered_cnt,
        last_night.year_contact_cnt,
        last_night.year_delivered_cnt
    from (
        {{ state_of_last_night(customers=[]) }}
    ) as last_night
    inner join months on year(last_night.month_start_date) = year(months.month_start_date)
    {% endif %}

)

select
    -- ids
    customer_id,

    -- codes
    channel_code,

    -- dates
    {{ business_date() }} as business_date,
    month_start_date,

    -- measures
    cast(sum(contact_cnt) as integer) as contact_cnt,
    cast(sum(delivered_cnt) as integer) as delivered_cnt,
    cast(sum(year_contact_cnt) as integer) as year_contact_cnt,
    cast(sum(year_delivered_cnt) as integer) as year_delivered_cnt

from added
group by customer_id, channel_code, month_start_date
