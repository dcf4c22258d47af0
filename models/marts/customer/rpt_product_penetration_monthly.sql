-- One row per product line, tier and month: who holds the line, who came to it, came back and left (产品渗透与流失).
-- opening + new + won back − lost = holders, each customer at the tier of the month.

{{ config(meta={
    'grain': ['product_line_code', 'tier_code', 'month_start_date'], 'partition': 'month_start_date',
    'carried': 'open_month', 'month_by_month': true,
}) }}

with months as (

    select * from {{ ref('int_calendar__open_months') }}

),

lines as (

    select lines.*
    from {{ ref('int_holding__line') }} as lines
    inner join months on lines.month_start_date = months.month_start_date
    where lines.business_date = {{ business_date() }} and (lines.is_held or lines.is_held_before)

),

customers as (

    select customers.customer_id, customers.month_start_date, customers.tier_code, customers.is_active
    from {{ ref('int_holding__customer') }} as customers
    inner join months on customers.month_start_date = months.month_start_date
    where customers.business_date = {{ business_date() }}

),

active as (

    select tier_code, month_start_date, count(*) as customer_cnt
    from customers
    where is_active
    group by tier_code, month_start_date

),

counted as (

    select
        lines.product_line_code,
        -- who is gone has no tier any more
        coalesce(customers.tier_code, 'none') as tier_code,
        lines.month_start_date,
        sum(case when lines.is_held then 1 else 0 end) as holder_cnt,
        sum(case when lines.is_held and customers.is_active then 1 else 0 end) as active_holder_cnt,
        sum(case when lines.is_held_before then 1 else 0 end) as opening_holder_cnt,
        sum(case when lines.is_held and lines.first_held_before_date is null then 1 else 0 end)
            as new_holder_cnt,
        sum(
            case
                when lines.is_held and not lines.is_held_before and lines.first_held_before_date is not null
                    then 1
                else 0
            end
        ) as won_back_cnt,
        sum(case when lines.is_held_before and not lines.is_held then 1 else 0 end) as lost_holder_cnt,
        sum({{ cents('lines.asset_amt') }} + {{ cents('lines.debt_amt') }}) as balance_cents
    from lines
    left join customers
        on lines.customer_id = customers.customer_id and lines.month_start_date = customers.month_start_date
    group by lines.product_line_code, coalesce(customers.tier_code, 'none'), lines.month_start_date

)

select
    -- codes
    counted.product_line_code,
    counted.tier_code,

    -- dates
    counted.month_start_date,

    -- measures
    cast(counted.holder_cnt as bigint) as holder_cnt,
    cast(counted.active_holder_cnt as bigint) as active_holder_cnt,
    cast(coalesce(active.customer_cnt, 0) as bigint) as active_customer_cnt,
    {{ signed_ratio('counted.holder_cnt', 'active.customer_cnt') }} as penetration_rate,
    {{ cents_amount('counted.balance_cents') }} as balance_amt,
    cast(counted.opening_holder_cnt as bigint) as opening_holder_cnt,
    cast(counted.new_holder_cnt as bigint) as new_holder_cnt,
    cast(counted.won_back_cnt as bigint) as won_back_cnt,
    cast(counted.lost_holder_cnt as bigint) as lost_holder_cnt,

    -- flags
    months.is_provisional

from counted
inner join months on counted.month_start_date = months.month_start_date
left join active
    on counted.tier_code = active.tier_code and counted.month_start_date = active.month_start_date
