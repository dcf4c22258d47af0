-- One row per owning org, tier and month: active customers and the product lines that they hold (交叉销售率).
-- Active is who holds a balance, owes a loan, or began a transaction in the last three months.

{{ config(meta={
    'grain': ['org_id', 'tier_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month', 'month_by_month': true,
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

customers as (

    select customers.*
    from {{ ref('int_holding__customer') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    where customers.business_date = {{ business_date() }} and customers.is_active

),

counted as (

    select
        owning_org_id as org_id,
        tier_code,
        month_start_date,
        count(*) as active_customer_cnt,
        sum(held_line_cnt) as held_line_cnt,
        {% for lines in range(4) -%}
        sum(case when held_line_cnt = {{ lines }} then 1 else 0 end) as line_{{ lines }}_customer_cnt,
        {% endfor -%}
        sum(case when held_line_cnt >= 4 then 1 else 0 end) as line_4_plus_customer_cnt
    from customers
    group by owning_org_id, tier_code, month_start_date

)

select
    -- ids
    counted.org_id,

    -- codes
    counted.tier_code,

    -- dates
    counted.month_start_date,

    -- measures
    cast(counted.active_customer_cnt as bigint) as active_customer_cnt,
    cast(counted.held_line_cnt as bigint) as held_line_cnt,
    {{ ratio('counted.held_line_cnt', 'counted.active_customer_cnt') }} as cross_sell_ratio,
    {% for lines in range(4) -%}
    cast(counted.line_{{ lines }}_customer_cnt as bigint) as line_{{ lines }}_customer_cnt,
    {% endfor -%}
    cast(counted.line_4_plus_customer_cnt as bigint) as line_4_plus_customer_cnt,

    -- flags
    months.is_provisional

from counted
inner join months on counted.month_start_date = months.month_start_date
