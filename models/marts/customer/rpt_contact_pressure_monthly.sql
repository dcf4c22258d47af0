-- One row per channel, or all of them, and month: how often customers were contacted (接触压力).

{{ config(meta={
    'grain': ['channel_code', 'month_start_date'], 'partition': 'month_start_date', 'carried': 'open_month',
}) }}

with pressure as (

    select * from {{ ref('int_contact__pressure') }} where period_code = 'month'

)

select
    -- codes
    channel_code,

    -- dates
    month_start_date,

    -- measures
    cast(batch_cnt as bigint) as batch_cnt,
    cast(campaign_cnt as bigint) as campaign_cnt,
    cast(contact_cnt as bigint) as contact_cnt,
    cast(delivered_cnt as bigint) as delivered_cnt,
    cast(customer_cnt as bigint) as customer_cnt,
    {{ ratio('contact_cnt', 'customer_cnt') }} as contact_avg_cnt,
    cast(max_cnt as integer) as contact_max_cnt,
    {% for percent in [50, 75, 90, 95, 99] -%}
    cast(p{{ percent }}_cnt as integer) as contact_p{{ percent }}_cnt,
    {% endfor -%}
    {% for cap in [3, 5, 10] -%}
    cast(over_{{ cap }}_customer_cnt as bigint) as over_{{ cap }}_customer_cnt,
    cast(dropped_{{ cap }}_cnt as bigint) as dropped_{{ cap }}_cnt,
    {% endfor %}
    -- flags
    is_provisional

from pressure
