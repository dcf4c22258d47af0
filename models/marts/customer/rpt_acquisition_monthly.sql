-- One row per dimension, value and month: new customers by where they came from and by who they are (获客分析).

{{ config(meta={
    'grain': ['dimension_code', 'dimension_value', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month',
}) }}

with months as (

    select * from {{ ref('int_calendar__computed_months') }}

),

customers as (

    select * from {{ ref('int_customer__won') }}

),

counted as (

    {% for dimension in [
        'acquisition_source', 'customer_type', 'age_band', 'gender', 'occupation', 'education', 'income_band',
        'region',
    ] -%}
    select
        '{{ dimension }}' as dimension_code,
        {{ dimension }}_code as dimension_value,
        month_start_date,
        count(*) as new_customer_cnt
    from customers
    {% if dimension not in ['acquisition_source', 'customer_type'] -%}
    where customer_type_code = 'P'
    {% endif -%}
    group by {{ dimension }}_code, month_start_date
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}

)

select
    -- codes
    counted.dimension_code,
    counted.dimension_value,

    -- dates
    counted.month_start_date,

    -- measures
    cast(counted.new_customer_cnt as bigint) as new_customer_cnt,
    {{ ratio(
        'counted.new_customer_cnt',
        'sum(counted.new_customer_cnt) over (partition by counted.dimension_code, counted.month_start_date)',
    ) }} as new_customer_share,

    -- flags
    months.is_provisional

from counted
inner join months on counted.month_start_date = months.month_start_date
